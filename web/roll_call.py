"""Which workers there are, asked behind the back of requests: Celery's answer takes a whole second."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from backscroll.doorbell import Doorbell, Worker

log = logging.getLogger(__name__)

_FRESH = 8.0  # seconds
_ROLL_CALL = 1.0


@dataclass(frozen=True)
class Roll:
    """The workers that answered, and when that was, in seconds since 1970."""

    workers: tuple[Worker, ...]
    at: float


class RollCall:
    """Knows the workers of some seconds ago. Threads may share it; one of them at a time asks."""

    def __init__(self, bell: Doorbell) -> None:
        self._bell = bell
        self._asking = threading.Lock()
        self._last: Roll | None = None

    def last(self) -> Roll | None:
        """Give what was last heard, without waiting; None before the first answer.

        When that is some seconds old, the workers are asked anew meanwhile.
        """
        if (self._last is None or time.time() - self._last.at > _FRESH) and self._asking.acquire(
            blocking=False
        ):
            threading.Thread(target=self._ask, name="roll-call", daemon=True).start()
        return self._last

    def _ask(self) -> None:
        try:
            workers = sorted(self._bell.workers(_ROLL_CALL), key=lambda worker: worker.name)
            self._last = Roll(tuple(workers), time.time())
        finally:
            self._asking.release()
