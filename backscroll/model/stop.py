"""Stopping a model call from another thread, at once: no waiting for the next piece of an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backscroll.errors import BackscrollError


class Stop:
    """A one-way switch: nobody has asked to stop, or somebody has, and `error` says why."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._error: BackscrollError | None = None
        self._calls: set[Callable[[], object]] = set()

    def stop(self, error: BackscrollError) -> None:
        """Ask to stop. The first reason stays; what was attached by `ending` is called."""
        with self._changed:
            if self._error is not None:
                return
            self._error = error
            calls = tuple(self._calls)
            self._changed.notify_all()
        for call in calls:
            call()

    def check(self) -> None:
        """Return while nobody has asked to stop; else raise the reason."""
        if self._error is not None:
            raise self._error

    def pause(self, seconds: float) -> None:
        """Sleep, but raise the reason as soon as somebody asks to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None, seconds)
        self.check()

    @contextmanager
    def ending(self, call: Callable[[], object]) -> Iterator[None]:
        """While the block runs, have `call` called when somebody asks to stop, or at once if one has."""
        with self._changed:
            self._calls.add(call)
            stopped = self._error is not None
        if stopped:
            call()
        try:
            yield
        finally:
            with self._changed:
                self._calls.discard(call)
