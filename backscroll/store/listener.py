"""Listening to Redis channels: one connection and one thread for all of a process who care."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from secrets import token_hex

from redis.client import PubSub
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisClusterException, RedisError

from backscroll.errors import StoreUnavailable
from backscroll.lasting import begun, survived
from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.refusals import why

log = logging.getLogger(__name__)

_RECONNECT = 0.5
_LOOK_AGAIN = 0.1
# A connection that is half open says nothing for ever: after so many seconds of silence it has to answer, and
# has so many for it.
_SILENCE, _ANSWER = 15.0, 5.0


class Listener:
    """Calls `heard` with each message of the channels that are listened to, and with its channel.

    Pub/sub forgets whom it could not reach: `missed` is called with a channel when the connection stands for
    it (again), since anything may have been said before. Likewise where `heard` raised an error.

    The connection belongs to its thread alone. Whoever wants another channel calls that thread, on a channel
    of its own.
    """

    def __init__(
        self, store: Store, *, heard: Callable[[str, bytes], None], missed: Callable[[str], None]
    ) -> None:
        self._store = store
        self._heard = heard
        self._missed = missed
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._asked_for: set[str] = set()
        self._standing: set[str] = set()
        self._own = keys.CALLS + token_hex(8)
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._hears = True  # or will, for all that is known

    def listen(self, channel: str) -> bool:
        """Listen to `channel` from now on. True when it is heard already, and `missed` need not be called."""
        with self._lock:
            new = channel not in self._wanted
            self._wanted.add(channel)
            if self._thread is None:
                self._thread = begun("listener", self._run)
                return False
            if channel in self._standing:
                return True
        if new:
            self._call()
        return False

    def leave(self, channel: str) -> None:
        """Listen to `channel` no more; what still comes of it is to be passed over."""
        with self._lock:
            self._wanted.discard(channel)

    def close(self) -> None:
        """Stop to listen; returns when the connection is closed."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(2.0)

    def _call(self) -> None:
        try:
            self._store.call(lambda: self._store.client.publish(self._own, b""), reads=True)
        except StoreUnavailable as error:
            log.debug("not listening yet: %s", error)  # the thread looks for itself, too

    def _run(self) -> None:
        while not self._closed.is_set():
            if self._store.breaker.is_open:  # which has somebody who looks whether Redis is back
                self._closed.wait(_LOOK_AGAIN)
                continue
            with survived(log, "not listening"):
                try:
                    # Each time anew: on a Cluster, another node may have to do.
                    with self._store.servers.listening() as client, client.pubsub() as pubsub:
                        self._hear(pubsub)
                except (RedisError, RedisClusterException) as error:
                    if self._hears:
                        log.warning("not listening: %s", why(error))
            self._hears = False
            with self._lock:
                self._asked_for, self._standing = set(), set()
            self._closed.wait(_RECONNECT)

    def _hear(self, pubsub: PubSub) -> None:
        pubsub.subscribe(self._own)
        self._ask(pubsub)
        if not self._hears:
            log.warning("listening again")
        self._hears = True
        quiet_since, pinged = time.monotonic(), False
        while not self._closed.is_set():
            told = pubsub.get_message(timeout=0.5)
            if told is None:
                self._ask(pubsub)
            else:
                self._take(pubsub, told["type"], told["channel"], told["data"])
                quiet_since, pinged = time.monotonic(), False
            silence = time.monotonic() - quiet_since
            if pinged and silence > _ANSWER:
                raise Disconnected("half open")
            if not pinged and silence > _SILENCE:
                quiet_since, pinged = time.monotonic(), True
                pubsub.ping()

    def _ask(self, pubsub: PubSub) -> None:
        """Have the connection listen to what is wanted, and to nothing else."""
        with self._lock:
            more, fewer = self._wanted - self._asked_for, self._asked_for - self._wanted
            self._asked_for = set(self._wanted)
            self._standing -= fewer
        if more:
            pubsub.subscribe(*more)
        if fewer:
            pubsub.unsubscribe(*fewer)  # type: ignore[no-untyped-call]

    def _take(self, pubsub: PubSub, kind: str, channel: bytes | None, data: bytes) -> None:
        name = channel.decode() if channel else ""
        if name == self._own:
            self._ask(pubsub)
        elif kind == "message":
            heard = False
            with survived(log, "not heard"):
                self._heard(name, data)
                heard = True
            if not heard:
                self._miss(name)
        elif kind == "subscribe":
            with self._lock:
                if name not in self._asked_for:
                    return
                self._standing.add(name)
            self._miss(name)

    def _miss(self, channel: str) -> None:
        with survived(log, "not looked at"):
            self._missed(channel)
