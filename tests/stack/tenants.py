"""Tenants with keys in a file, as an operator keeps it."""

from __future__ import annotations

from pathlib import Path

from backscroll import api_keys
from backscroll.api_keys import NewKey
from tests.stack.api import Api


class KeyFile:
    """A file of API keys that changes as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: list[NewKey] = []
        self._write()

    def add(self, tenant: str) -> NewKey:
        """Add a key of `tenant`, beside those that it has."""
        made = api_keys.new(tenant)
        self._keys.append(made)
        self._write()
        return made

    def remove(self, key: NewKey) -> None:
        self._keys.remove(key)
        self._write()

    def _write(self) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text("# tenant:sha256\n\n" + "\n".join(each.entry for each in self._keys))
        fresh.replace(self.path)


class Tenant(Api):
    """The HTTP API as one tenant sees it."""

    def __init__(self, url: str, key: NewKey) -> None:
        super().__init__(url)
        self.key = key
        self.http.headers["Authorization"] = f"Bearer {key.key}"
