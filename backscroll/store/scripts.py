"""The Lua scripts, each put together from its own file and the parts that it names.

A script says `uses: a, b` in its first lines; the files `lua/parts/a.lua` and `b.lua` go before it, and
before them the parts that they use. Redis has no `require`, and copies would drift apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files

import msgspec

_USES = re.compile(r"^-- .*\buses: ([a-z, ]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """The text that Redis runs, and the digest by which it knows it."""

    name: str
    text: str
    sha: str

    @property
    def reads(self) -> bool:
        """Tell whether it only reads: its access is noted all the same, where the server takes writes."""
        return self.name.startswith("read_")


@cache
def script(name: str) -> Script:
    """Load a script by its file's name without `.lua`."""
    own = _read(f"{name}.lua")
    parts: dict[str, str] = {}
    _collect(own, parts)
    text = "\n".join([*parts.values(), own])
    return Script(name, text, sha1(text.encode(), usedforsecurity=False).hexdigest())


def string(data: bytes) -> msgspec.Raw:
    """Give bytes as a msgpack string, for a script to unpack: Redis does not know msgpack's binary type."""
    return msgspec.Raw(b"\xdb" + len(data).to_bytes(4, "big") + data)


def _collect(text: str, parts: dict[str, str]) -> None:
    uses = _USES.search(text)
    for name in uses.group(1).split(", ") if uses else ():
        if name not in parts:
            part = _read(f"parts/{name}.lua")
            _collect(part, parts)
            parts[name] = part


def _read(path: str) -> str:
    return files("backscroll.store").joinpath("lua", *path.split("/")).read_text(encoding="utf-8")
