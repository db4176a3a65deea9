"""Answering in the web process itself, while the broker does not carry bells to the workers."""

from __future__ import annotations

import logging
import threading

from backscroll import metrics
from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.pool import Pool
from backscroll.answering.streaming import Streams
from backscroll.compaction.measuring import Windows
from backscroll.doorbell import Doorbell
from backscroll.errors import HandedBack
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store.redis import Store
from web import loading

log = logging.getLogger(__name__)


class Inline:
    """Calls workers to sessions, and answers those to which none can be called: a bounded number at a time.

    What it takes to answer is made with the first of them. Where there is no room, the workers' sweep finds
    the session.
    """

    def __init__(self, settings: Settings, store: Store, bell: Doorbell) -> None:
        self._settings = settings
        self._store = store
        self._bell = bell
        self._pool = Pool("inline", settings.web.inline_turns)
        self._making = threading.Lock()
        self._answering: Answering | None = None
        self._ending = threading.Event()

    def call(self, session: Session) -> None:
        """Have somebody answer `session`, soon; returns at once."""
        if not self._bell.ring(session) and not self._ending.is_set():
            self._pool.begin(session, self._answer)

    def release(self) -> None:
        """Hand back what is in work, for others to take up: the process ends."""
        self._ending.set()
        if self._answering is not None:
            for lease in self._answering.leases.held():
                lease.stop(HandedBack())

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is in work; False where that takes longer than `seconds`."""
        return self._pool.wait(seconds)

    def _answer(self, session: Session) -> None:
        answering = self._made()
        if self._ending.is_set():
            return  # loading takes a second: what is taken up now, nobody would hand back
        metrics.INLINE_TURNS.inc()
        # One turn after the other, until the broker is back: then the workers have the next one.
        answer_session(answering, session, go_on=lambda: not self._bell.heard() and not self._ending.is_set())

    def _made(self) -> Answering:
        with self._making:
            if self._answering is None:
                log.warning("the broker takes no bells: sessions are answered here")
                self._answering = Answering(
                    store=self._store,
                    model=loading.model(self._settings),
                    settings=self._settings,
                    windows=Windows(self._store, self._settings.budget),
                    leases=Leases(self._store),
                    streams=Streams(self._store),
                    ring=self.call,
                    ring_compaction=self._bell.ring_compaction,
                )
            return self._answering
