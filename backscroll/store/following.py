"""Following replies' events as they are told: without asking again and again, however many follow.

One connection a process listens for all of them, and to the replies only that somebody follows. What is heard
there is the event itself, so that it costs Redis nothing more to tell it to many.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from backscroll.store import events, keys
from backscroll.store.events import ORIGIN, Event, Told
from backscroll.store.listener import Listener
from backscroll.store.redis import Store

log = logging.getLogger(__name__)

# Who is behind by more events than that reads them anew: a client that takes nothing must not fill memory.
_MOST = 256
_STORE_RETRY = 1.0


class Following:
    """All who follow a reply in this process. Starts to listen with the first of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._released = False
        self._followers: dict[str, set[_Follower]] = defaultdict(set)
        self._listener = Listener(store, heard=self._tell, missed=self._have_look)

    def follow(
        self, session: Session, reply_id: str, told: Told, *, after: str | None, silence: float
    ) -> Generator[tuple[Event, ...]]:
        """Yield what was told and what comes, up to the reply's end, or until all are let go.

        Args:
            session: whose.
            reply_id: which reply.
            told: what `events.read` found behind `after`.
            after: the event that was the last one before.
            silence: seconds after which, when nothing came, nothing is yielded: an empty tuple.

        Raises:
            NotFound: when the reply is gone.
            Sealed: when the key of what was told is missing.
        """
        if told.events:
            yield told.events
        if told.ended:
            return
        cursor = told.events[-1].id if told.events else after or ORIGIN
        heard_at, cipher = time.monotonic(), self._store.cipher(session)
        with self._follower(keys.events(session, self._store.settings.shards, reply_id)) as follower:
            while not self._released:
                came = follower.take(heard_at + silence - time.monotonic())
                if came is None:
                    told = self._look(session, reply_id, cursor, follower)
                else:
                    told = events.opened(cipher, reply_id, _behind(cursor, came))
                if told.events:
                    cursor = told.events[-1].id
                if told.events or time.monotonic() >= heard_at + silence:
                    heard_at = time.monotonic()
                    yield told.events
                if told.ended:
                    return

    def release(self) -> None:
        """Let go of all who follow, now and from now on."""
        self._released = True
        with self._lock:
            for followers in self._followers.values():
                for follower in followers:
                    follower.look()

    def close(self) -> None:
        """Stop to listen; who still follows looks for itself after each silence."""
        self._listener.close()

    @contextmanager
    def _follower(self, channel: str) -> Iterator[_Follower]:
        follower = _Follower()
        try:
            with self._lock:
                self._followers[channel].add(follower)
                if self._listener.listen(channel):
                    follower.look()  # else it will be called to, as soon as the connection stands
            yield follower
        finally:
            with self._lock:
                self._followers[channel].discard(follower)
                if not self._followers[channel]:
                    del self._followers[channel]
                    self._listener.leave(channel)

    def _look(self, session: Session, reply_id: str, cursor: str, follower: _Follower) -> Told:
        try:
            return events.read(self._store, session, reply_id, cursor)
        except StoreUnavailable as error:
            log.debug("events not read: %s", error)
            time.sleep(_STORE_RETRY)
            follower.look()
            return Told((), ended=False)

    def _tell(self, channel: str, said: bytes) -> None:
        name, _, rest = said.partition(b" ")
        kind, _, data = rest.partition(b" ")
        event = Event(name.decode(), kind.decode(), data) if data else None
        with self._lock:
            for follower in self._followers.get(channel, ()):
                if event is None:
                    follower.look()  # the reply is gone
                else:
                    follower.hear(event)

    def _have_look(self, channel: str) -> None:
        with self._lock:
            for follower in self._followers.get(channel, ()):
                follower.look()


def _behind(cursor: str, heard: tuple[Event, ...]) -> Told:
    # What was heard while the events were read stands in both.
    fresh = tuple(event for event in heard if event.order > events.order(cursor))
    return Told(fresh, ended=bool(fresh) and fresh[-1].kind == "end")


class _Follower:
    """What one follower has heard and not taken yet, or that it has to look for itself."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heard: deque[Event] = deque()
        self._look = False
        # Until it has had its first look, and from when it fell behind to its next one, what it hears would
        # have a hole before it.
        self._deaf = True

    def hear(self, event: Event) -> None:
        with self._changed:
            if self._deaf:
                return
            self._heard.append(event)
            if len(self._heard) > _MOST:
                self._fall_behind()
            self._changed.notify()

    def look(self) -> None:
        with self._changed:
            self._fall_behind()
            self._changed.notify()

    def _fall_behind(self) -> None:
        self._heard.clear()
        self._look = self._deaf = True

    def take(self, seconds: float) -> tuple[Event, ...] | None:
        """Give what was heard, as soon as something is; None when it is time for a look."""
        with self._changed:
            self._changed.wait_for(lambda: self._heard or self._look, max(seconds, 0.0))
            if self._look:
                self._look = self._deaf = False
                return None
            heard = tuple(self._heard)
            self._heard.clear()
            return heard or None
