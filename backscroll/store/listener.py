"""Listening to Redis channels: one connection and one thread for all of a process who care."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from redis.client import PubSub
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError

from backscroll.store.redis import Store, connect_to_listen

log = logging.getLogger(__name__)

_RECONNECT = 0.5
# A connection that is half open says nothing for ever: after so many seconds of silence it has to answer, and
# has so many for it.
_SILENCE, _ANSWER = 15.0, 5.0


class Listener:
    """Calls `heard` with each message of the channels that are listened to, and with its channel.

    Pub/sub forgets whom it could not reach: `missed` is called with a channel when the connection stands for
    it (again), since anything may have been said before.
    """

    def __init__(
        self, store: Store, *, heard: Callable[[str, bytes], None], missed: Callable[[str], None]
    ) -> None:
        self._client = connect_to_listen(store.settings.redis_url)
        self._heard = heard
        self._missed = missed
        self._changed = threading.Condition()
        self._channels: dict[str, bool] = {}  # whether it was ever heard
        self._pubsub: PubSub | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def listen(self, channel: str) -> bool:
        """Listen to `channel` from now on. False when `missed` will be called, True when it was before."""
        with self._changed:
            if channel in self._channels:
                return self._channels[channel]
            self._channels[channel] = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
                self._thread.start()
            if self._pubsub is not None:
                self._send(self._pubsub, lambda pubsub: pubsub.subscribe(channel))
            self._changed.notify_all()
        return False

    def leave(self, channel: str) -> None:
        """Listen to `channel` no more."""
        with self._changed:
            if self._channels.pop(channel, None) is not None and self._pubsub is not None:
                self._send(self._pubsub, lambda pubsub: pubsub.unsubscribe(channel))  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Stop to listen; returns when the connection is closed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(2.0)
        self._client.close()

    def _send(self, pubsub: PubSub, what: Callable[[PubSub], object]) -> None:
        # Only one at a time may send. When it fails, the connection is made anew, with all channels.
        try:
            what(pubsub)
        except RedisError as error:
            log.warning("not listening: %s", type(error).__name__)
            self._pubsub = None

    def _run(self) -> None:
        while True:
            pubsub = self._client.pubsub()  # type: ignore[no-untyped-call]
            try:
                if not self._connect(pubsub):
                    return
                self._hear(pubsub)
            except RedisError as error:
                log.warning("not listening: %s", type(error).__name__)
                time.sleep(_RECONNECT)
            finally:
                with self._changed:
                    self._pubsub = None
                pubsub.close()

    def _connect(self, pubsub: PubSub) -> bool:
        """Listen to all channels, as soon as there are any. False when there will be none any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._channels or self._closed)
            if self._closed:
                return False
            pubsub.subscribe(*self._channels)
            self._pubsub = pubsub
            return True

    def _hear(self, pubsub: PubSub) -> None:
        heard_at, asked = time.monotonic(), False
        while self._pubsub is pubsub and self._channels and not self._closed:
            told = pubsub.get_message(timeout=0.5)
            if told is not None:
                heard_at, asked = time.monotonic(), False
                self._take(told["type"], told["channel"], told["data"])
                continue
            silence = time.monotonic() - heard_at
            if silence > _SILENCE + _ANSWER:
                raise Disconnected("half open")
            if silence > _SILENCE and not asked:
                asked = True
                with self._changed:
                    self._send(pubsub, lambda pubsub: pubsub.ping())

    def _take(self, kind: str, channel: bytes | None, data: bytes) -> None:
        if kind == "message" and channel is not None:
            self._heard(channel.decode(), data)
        elif kind == "subscribe" and channel is not None:
            name = channel.decode()
            with self._changed:
                if name not in self._channels:
                    return
                self._channels[name] = True
            self._missed(name)
