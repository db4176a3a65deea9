"""Hearing that a reply has ended, without asking again and again.

One connection a process listens for all who wait in it, however many they are. Every process hears of every
end; where somebody waits who posted the message there, it is told the whole reply, and need not read it.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from backscroll.session import Session
from backscroll.store import keys
from backscroll.store.listener import Listener
from backscroll.store.redis import Store
from backscroll.store.replies import Reply, read, told

# Pub/sub forgets whom it could not reach: a waiter looks for itself now and then.
_LOOK_AGAIN = 5.0


class Expected(threading.Event):
    """A reply that somebody waits for: set when it is time to look at it, or when it is told at its end."""

    told: bytes | None = None


class Ended:
    """Wakes those who wait for the end of a reply. Starts to listen with the first of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._released = False
        self._waiting: dict[str, set[Expected]] = defaultdict(set)
        self._listener = Listener(store, heard=self._wake, missed=self._wake_all)
        self.channel = f"{keys.ENDED}:{token_hex(8)}"  # for `submit`: where the replies are told

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
    def expecting(self, reply_id: str) -> Iterator[Expected]:
        """Listen to the end of a reply that begins within the block, if at all, and may end there.

        The event that it gives is for `expected`, which then need not look whether it has ended before.
        """
        event = Expected()
        with self._lock:
            self._waiting[reply_id].add(event)
        try:
            # Until the connection stands, ends are told to nobody: then, and where all are let go, one looks.
            stands = [self._listener.listen(channel) for channel in (keys.ENDED, self.channel)]
            if not all(stands) or self._released:
                event.set()
            yield event
        finally:
            with self._lock:
                self._waiting[reply_id].discard(event)
                if not self._waiting[reply_id]:
                    del self._waiting[reply_id]

    def expected(self, session: Session, reply_id: str, seconds: float, ended: Expected) -> Reply:
        """Do as `wait`, within the block of `expecting` that gave `ended`."""
        deadline = time.monotonic() + seconds
        while True:
            ended.wait(max(0.0, min(deadline - time.monotonic(), _LOOK_AGAIN)))
            ended.clear()
            if ended.told is not None:
                return told(self._store, session, reply_id, ended.told)
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

    def _wake(self, _: str, said: bytes) -> None:
        reply_id, _space, fields = said.partition(b" ")
        with self._lock:
            for event in self._waiting.get(reply_id.decode(), ()):
                event.told = fields or event.told
                event.set()

    def _wake_all(self, _: str = keys.ENDED) -> None:
        # When the listener has just connected: ends before that were not heard, so everybody looks once.
        with self._lock:
            for events in self._waiting.values():
                for event in events:
                    event.set()
