"""Connections to the history store: one server, the primary that Sentinels name, or a Cluster's primaries.

Nothing is sent before the first call: a process starts also where its store is away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from backscroll.settings.nodes import Nodes, are_named, parsed
from backscroll.store.held import Held

# redis-py would try again at each of its levels, and a call would take four times its timeout.
TRIES_ONCE = Retry(NoBackoff(), 0)


Argument = str | bytes | int
# A command's name and arguments, with the key that tells whose it is.
Command = tuple[str, Sequence[Argument]]


class Servers(Protocol):
    """What holds a store, however many there are."""

    @property
    def client(self) -> redis_py.Redis:
        """Give what sends each single command to whoever has its key."""

    def send(self, words: Sequence[Argument]) -> Any:
        """Send one command, and give what it answers."""

    def pipelined(self, commands: Sequence[Command]) -> list[Any]:
        """Send all of them in one round trip to each server, and give what they answer, in their order.

        Raises:
            redis.exceptions.RedisError: the first error among the answers, as the server said it, or a server
                could not be asked.
        """

    def primaries(self) -> list[redis_py.Redis]:
        """Give a client of each server that takes writes."""

    def answers(self) -> bool:
        """Tell whether all of it can be had; may raise instead what a call raises."""

    def listening(self) -> redis_py.Redis:
        """Open what pub/sub listens on: whoever listens has to learn of each failure, and sees to it."""

    def close(self) -> None:
        """Close every connection."""


class One:
    """One server that takes all writes: a fixed one, or whichever Sentinels name at each connection."""

    def __init__(self, url: str, timeouts: dict[str, float], most: int) -> None:
        self._url = url
        self._sentinel: Sentinel | None = None
        self.client = self._connect(**timeouts, max_connections=most)
        # Behind Sentinels, redis-py's own pool sees to it that no connection outlives its primary's office.
        self._held = None if are_named(url) else Held(self.client.connection_pool)

    def _connect(self, **options: Any) -> redis_py.Redis:
        if not are_named(self._url):
            return redis_py.Redis.from_url(self._url, retry=TRIES_ONCE, **options)
        nodes = parsed(self._url)
        timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
        sentinel = Sentinel(  # type: ignore[no-untyped-call]
            nodes.addresses,
            sentinel_kwargs={
                **timeouts,
                **tls_options(nodes),
                "username": nodes.options.get("sentinel_username"),
                "password": nodes.options.get("sentinel_password"),
                "retry": TRIES_ONCE,
            },
        )
        client: redis_py.Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
            nodes.service, db=int(nodes.database), retry=TRIES_ONCE, **of_redis(nodes), **options
        )
        return client

    def send(self, words: Sequence[Argument]) -> Any:
        if self._held is not None:
            return self._held.send(words)
        return self.client.execute_command(*words)  # type: ignore[no-untyped-call]

    def pipelined(self, commands: Sequence[Command]) -> list[Any]:
        pipeline: Any = self.client.pipeline(transaction=False)
        for _, words in commands:
            pipeline.execute_command(*words)
        # redis-py would write into an error which command it was, with its arguments.
        found: list[Any] = pipeline.execute(raise_on_error=False)
        for each in found:
            if isinstance(each, Exception):
                raise each
        return found

    def primaries(self) -> list[redis_py.Redis]:
        return [self.client]

    def answers(self) -> bool:
        return bool(self.client.ping())

    def listening(self) -> redis_py.Redis:
        return self._connect(**LISTENING)

    def close(self) -> None:
        self.client.close()


LISTENING: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 0.5, "health_check_interval": 0}


def of_redis(nodes: Nodes) -> dict[str, Any]:
    """Give who to be, and TLS, as redis-py spells them."""
    return {"username": nodes.username, "password": nodes.password, **tls_options(nodes)}


def tls_options(nodes: Nodes) -> dict[str, Any]:
    """Give the TLS options of a checked URL as redis-py spells them."""
    if not nodes.tls:
        return {}
    given = {name: value for name, value in nodes.options.items() if name.startswith("ssl_")}
    return {**given, "ssl": True, "ssl_check_hostname": given["ssl_check_hostname"] == "true"}
