"""Waiting for a named condition: the only way in which a test waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Between two looks, a tenth of what was waited for so far: over HTTP a look costs both sides CPU.
_SHORTEST, _LONGEST = 0.01, 0.1


def until(what: str, holds: Callable[[], T], *, seconds: float = 20.0) -> T:
    """Return what `holds` gives as soon as it is true; fail, naming `what`, when that takes too long."""
    start = time.monotonic()
    while True:
        found = holds()
        if found:
            return found
        waited = time.monotonic() - start
        if waited > seconds:
            raise AssertionError(f"waited {seconds:g} s in vain until {what}; last seen: {found!r}")
        time.sleep(min(max(waited / 10, _SHORTEST), _LONGEST))
