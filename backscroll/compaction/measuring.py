"""The window of a process that runs for long: looked up at every turn, measured once a minute at most."""

from __future__ import annotations

import logging
import threading
import time

from backscroll.compaction.window import Window, given, measured
from backscroll.errors import StoreUnavailable
from backscroll.settings import BudgetSettings
from backscroll.store import meter
from backscroll.store.redis import Store

log = logging.getLogger(__name__)


class Windows:
    """Gives the window of the moment; threads may share it.

    Args:
        store: where the measurements are.
        budget: with fixed `recent_turns`, nothing is ever read.
        every: seconds for which a measurement is good.
    """

    def __init__(self, store: Store, budget: BudgetSettings, *, every: float = 60.0) -> None:
        self._store = store
        self._budget = budget
        self._every = every
        self._window = given(budget)
        self._next = time.monotonic()
        self._reading = threading.Lock()

    def now(self) -> Window:
        """Give the window; the last one where Redis does not serve, or another thread is asking it."""
        if self._budget.recent_turns == "auto" and self._reading.acquire(blocking=False):
            try:
                if time.monotonic() >= self._next:
                    self._measure()
            finally:
                self._reading.release()
        return self._window

    def _measure(self) -> None:
        # A Redis that does not serve is not asked again by each turn: it would cost each a timeout.
        self._next = time.monotonic() + self._every
        try:
            found = measured(meter.read(self._store), self._budget)
        except StoreUnavailable as error:
            log.warning("window not measured, the last one stays: %s", error)
            return
        if found != self._window:
            log.info("window: recent_turns=%d trigger_turns=%d", found.recent_turns, found.trigger_turns)
        self._window = found
