"""Databases of the shared Redis for who must be alone, handed out in one place: no two have the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import redis as redis_py

from backscroll.broker import redis_url
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.expiry import eternal

# 0 and 1 belong to the deployment that most tests share.
_OWN = range(2, 16)


def connect(url: str) -> redis_py.Redis:
    """Connect to a database, named as a history's URL or a broker's, to see or to lose what lies there."""
    return redis_py.Redis.from_url(redis_url(url) or url)


class Urls(NamedTuple):
    """Where a history and a broker of one's own are."""

    redis: str
    broker: str


class Databases:
    """What is free on a server."""

    def __init__(self, server: EmbeddedRedis) -> None:
        self._server = server
        self._free = list(_OWN)

    @contextmanager
    def own(self) -> Iterator[Urls]:
        """Give an empty database for a history and one for a broker while the block runs.

        They are emptied afterwards, when whoever wrote there has ended; every key of ours must have had its
        expiry (F39).
        """
        history, broker = self._free.pop(), self._free.pop()
        try:
            yield Urls(
                self._server.url.replace("db=0", f"db={history}"),
                self._server.broker_url.replace("virtual_host=1", f"virtual_host={broker}"),
            )
            with self._at(history) as client:
                assert eternal(client) == []
        finally:
            for number in (history, broker):
                with self._at(number) as client:
                    client.flushdb()
                self._free.append(number)

    def _at(self, number: int) -> redis_py.Redis:
        return connect(self._server.url.replace("db=0", f"db={number}"))
