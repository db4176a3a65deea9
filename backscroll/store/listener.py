"""Listening to one Redis channel: one connection and one thread for all of a process who care."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from redis.client import PubSub
from redis.exceptions import RedisError

from backscroll.store.redis import Store

log = logging.getLogger(__name__)

_RECONNECT = 0.5


class Listener:
    """Calls `heard` with each message of `channel`. Starts with the first `start`.

    Pub/sub forgets whom it could not reach: `missed` is called when the connection stands (again), since
    anything may have been said before.
    """

    def __init__(
        self, store: Store, channel: str, *, heard: Callable[[str], None], missed: Callable[[], None]
    ) -> None:
        self._store = store
        self._channel = channel
        self._heard = heard
        self._missed = missed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def start(self) -> None:
        """Listen from now on; harmless when it does already."""
        with self._lock:
            if self._thread is None:
                name = f"listener {self._channel}"
                self._thread = threading.Thread(target=self._listen, name=name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop to listen; returns when the connection is given back."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                with self._store.client.pubsub() as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.subscribe(self._channel)
                    self._hear(pubsub)
            except RedisError as error:
                log.warning("not listening to %s: %s", self._channel, type(error).__name__)
                time.sleep(_RECONNECT)

    def _hear(self, pubsub: PubSub) -> None:
        while not self._closed.is_set():
            told = pubsub.get_message(timeout=0.5)
            if told is None:
                continue
            if told["type"] == "subscribe":
                self._missed()
            elif told["type"] == "message":
                self._heard(told["data"].decode())
