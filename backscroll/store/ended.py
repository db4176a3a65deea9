"""Hearing that a reply has ended, without asking again and again.

One connection a process listens for all who wait in it, however many they are.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from backscroll.session import Session
from backscroll.store import keys
from backscroll.store.listener import Listener
from backscroll.store.redis import Store
from backscroll.store.replies import Reply, read

# Pub/sub forgets whom it could not reach: a waiter looks for itself now and then.
_LOOK_AGAIN = 5.0


class Ended:
    """Wakes those who wait for the end of a reply. Starts to listen with the first of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._released = False
        self._waiting: dict[str, set[threading.Event]] = defaultdict(set)
        self._listener = Listener(store, heard=self._wake, missed=self._wake_all)

    def wait(self, session: Session, reply_id: str, seconds: float) -> Reply:
        """Return the reply as soon as it has ended, or as it stands after `seconds`.

        Raises:
            NotFound: when there is no such reply, or no more.
            StoreUnavailable: when Redis does not serve.
        """
        with self.expecting(reply_id) as ended:
            ended.set()  # or not: what ended before this is not told again
            return self.expected(session, reply_id, seconds, ended)

    @contextmanager
    def expecting(self, reply_id: str) -> Iterator[threading.Event]:
        """Listen to the end of a reply that begins within the block, if at all, and may end there.

        The event that it gives is for `expected`, which then need not look whether it has ended before.
        """
        event = threading.Event()
        with self._lock:
            self._waiting[reply_id].add(event)
        try:
            # Until the connection stands, ends are told to nobody: then, and where all are let go, one looks.
            if not self._listener.listen(keys.ENDED) or self._released:
                event.set()
            yield event
        finally:
            with self._lock:
                self._waiting[reply_id].discard(event)
                if not self._waiting[reply_id]:
                    del self._waiting[reply_id]

    def expected(self, session: Session, reply_id: str, seconds: float, ended: threading.Event) -> Reply:
        """Do as `wait`, within the block of `expecting` that gave `ended`."""
        deadline = time.monotonic() + seconds
        while True:
            ended.wait(max(0.0, min(deadline - time.monotonic(), _LOOK_AGAIN)))
            ended.clear()
            reply = read(self._store, session, reply_id)
            if reply.ended or self._released or time.monotonic() >= deadline:
                return reply

    def release(self) -> None:
        """Let go of all who wait, now and from now on: they get the reply as it stands."""
        self._released = True
        self._wake_all()

    def close(self) -> None:
        """Stop to listen; who still waits looks for itself."""
        self._listener.close()

    def _wake(self, _: str, reply_id: bytes) -> None:
        with self._lock:
            for event in self._waiting.get(reply_id.decode(), ()):
                event.set()

    def _wake_all(self, _: str = keys.ENDED) -> None:
        # When the listener has just connected: ends before that were not heard, so everybody looks once.
        with self._lock:
            for events in self._waiting.values():
                for event in events:
                    event.set()
