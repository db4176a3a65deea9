"""Hearing that a reply has ended, without asking again and again.

One connection a process listens for all who wait in it, however many they are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict

from redis.client import PubSub
from redis.exceptions import RedisError

from backscroll.session import Session
from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.replies import Reply, read

log = logging.getLogger(__name__)

# Pub/sub forgets whom it could not reach: a waiter looks for itself now and then.
_LOOK_AGAIN = 5.0
_RECONNECT = 0.5


class Ended:
    """Wakes those who wait for the end of a reply. Starts to listen with the first of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: dict[str, set[threading.Event]] = defaultdict(set)
        self._listening = False
        self._subscribed = threading.Event()
        self._closed = False

    def wait(self, session: Session, reply_id: str, seconds: float) -> Reply:
        """Return the reply as soon as it has ended, or as it stands after `seconds`.

        Raises:
            NotFound: when there is no such reply, or no more.
            StoreUnavailable: when Redis does not serve.
        """
        deadline = time.monotonic() + seconds
        # The event goes up before the first look, or an end between the two would be missed.
        event = threading.Event()
        with self._lock:
            self._waiting[reply_id].add(event)
            self._start()
        try:
            while True:
                reply = read(self._store, session, reply_id)
                left = deadline - time.monotonic()
                if reply.ended or left <= 0:
                    return reply
                self._subscribed.wait(min(left, 1.0))
                event.wait(min(left, _LOOK_AGAIN))
                event.clear()
        finally:
            with self._lock:
                self._waiting[reply_id].discard(event)
                if not self._waiting[reply_id]:
                    del self._waiting[reply_id]

    def close(self) -> None:
        """Stop to listen; who still waits gets the reply as it stands."""
        self._closed = True

    def _start(self) -> None:
        if not self._listening:
            self._listening = True
            threading.Thread(target=self._listen, name="ended", daemon=True).start()

    def _listen(self) -> None:
        while not self._closed:
            try:
                with self._store.client.pubsub() as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(keys.ENDED)
                    self._hear(channel)
            except RedisError as error:
                log.warning("not listening for ended replies: %s", type(error).__name__)
                self._subscribed.clear()
                time.sleep(_RECONNECT)

    def _hear(self, channel: PubSub) -> None:
        while not self._closed:
            told = channel.get_message(timeout=0.9)
            if told is None:
                continue
            if told["type"] == "subscribe":
                # Ends before this moment were not heard: everybody looks for themselves once.
                self._wake(list(self._waiting))
                self._subscribed.set()
            elif told["type"] == "message":
                self._wake([told["data"].decode()])

    def _wake(self, reply_ids: list[str]) -> None:
        with self._lock:
            for reply_id in reply_ids:
                for event in self._waiting.get(reply_id, ()):
                    event.set()
