"""Waiting for a named condition: the only way in which a test waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL = 0.02


def until(what: str, holds: Callable[[], T], *, seconds: float = 20.0) -> T:
    """Return what `holds` gives as soon as it is true; fail, naming `what`, when that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain until {what}; last seen: {found!r}")
        time.sleep(_POLL)
