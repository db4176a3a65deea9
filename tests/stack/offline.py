"""The offline model as the tests see it: faults to order, and what it was asked."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.stack.processes import Process


class OfflineModel:
    """A running offline model. `options` are those of `backscroll offline-model`."""

    def __init__(self, directory: Path, env: Mapping[str, str] | None = None, *options: str) -> None:
        command = ["backscroll", "offline-model", "--port", "0", "--json", *options]
        self._process = Process("model", command, env or {}, directory / "model.log")
        self.url: str = json.loads(self._process.until_says('"url"'))["url"]
        self._http = httpx2.Client(base_url=self.url, timeout=10, verify=False)

    def fault(self, kind: str, **parameters: Any) -> None:
        """Order a fault for the next matching requests."""
        self._http.post("/_faults", json={"kind": kind, **parameters}).raise_for_status()

    def orders(self) -> list[dict[str, Any]]:
        """Give the faults that were ordered and not met yet."""
        found: list[dict[str, Any]] = self._http.get("/_faults").raise_for_status().json()["faults"]
        return found

    def reset(self) -> None:
        """Forget all faults, and what was asked so far."""
        self._http.delete("/_faults").raise_for_status()
        self._http.delete("/_requests").raise_for_status()

    def requests(self, kind: str | None = None, containing: str = "") -> list[dict[str, Any]]:
        """Give the requests so far, oldest first, whose text holds `containing`."""
        found = self._http.get("/_requests").raise_for_status().json()["requests"]
        return [
            request
            for request in found
            if kind in (None, request["kind"])
            and containing in json.dumps(request["body"], ensure_ascii=False)
        ]

    def in_flight(self) -> int:
        """Tell how many answers are being streamed at the moment."""
        count: int = self._http.get("/_stats").raise_for_status().json().get("in_flight", 0)
        return count

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Have it take requests and answer none while the block runs."""
        self._process.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would; whoever connects is refused."""
        self._http.close()
        self._process.kill()

    def stop(self) -> None:
        self._http.close()
        self._process.terminate()
        assert self._process.ended()
