"""So many at a time, and the others wait: a semaphore whose ordinary case is one step of a list.

The standard library's takes a lock and a condition each time, written in Python: 15 µs under gevent, of the
hundred that a call to Redis takes.
"""

from __future__ import annotations

import threading


class Places:
    """Room for `most` at a time. Threads share it."""

    def __init__(self, most: int) -> None:
        self._free = [None] * most
        self._waiting = 0
        self._freed = threading.Condition()

    def take(self, seconds: float | None = None) -> bool:
        """Have a place, for which it waits so long, or for ever; False where none got free.

        Whoever has one gives it back (`leave`).
        """
        if self._took():
            return True
        with self._freed:
            # Before it looks again: who leaves from now on sees that somebody waits.
            self._waiting += 1
            try:
                return self._freed.wait_for(self._took, seconds)
            finally:
                self._waiting -= 1

    def leave(self) -> None:
        """Give a place back."""
        self._free.append(None)
        if self._waiting:
            with self._freed:
                self._freed.notify()

    def _took(self) -> bool:
        try:
            self._free.pop()
        except IndexError:
            return False
        return True
