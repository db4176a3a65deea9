"""Celery's threads, with a word to its event loop when one comes free while none was.

Nothing else would wake it then, and a bell would wait for whatever happens next. To look 20 times a second
would do as well, and cost an idle worker half a percent of a core.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from celery.concurrency import thread
from kombu.asynchronous import get_event_loop


class TaskPool(thread.TaskPool):
    """Threads, and how many of them are busy: a task counts until Celery has forgotten it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._busy, self._counting = 0, threading.Lock()

    def on_apply(self, *args: Any, **kwargs: Any) -> Any:
        """Have a thread run a task."""
        with self._counting:
            self._busy += 1
        try:
            applied = super().on_apply(*args, **kwargs)
        except BaseException:
            self._free()
            raise
        applied.f.add_done_callback(self._free)
        return applied

    def _free(self, _: Future[Any] | None = None) -> None:
        with self._counting:
            full = self._busy >= self.limit
            self._busy -= 1
        loop = get_event_loop()
        if full and loop is not None:
            loop.call_soon(_look)


def _look() -> None:
    """Do nothing: the loop looks at what there is to do before it waits again."""
