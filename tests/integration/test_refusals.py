"""A Redis that is there and will not serve: to its callers, that is as if it were away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis as redis_py
from redis._parsers.base import BaseParser

from backscroll.errors import StoreUnavailable
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import replies
from backscroll.store.redis import Store, unavailable
from backscroll.store.replies import Submission

SAID = Submission(parts=(Text("hello"),))


@pytest.fixture
def full(redis: redis_py.Redis) -> Iterator[None]:
    before = redis.config_get("maxmemory")["maxmemory"]
    redis.config_set("maxmemory", 1)
    yield
    redis.config_set("maxmemory", before)


@pytest.fixture
def replica(redis: redis_py.Redis) -> Iterator[None]:
    redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    yield
    redis.execute_command("REPLICAOF", "NO", "ONE")


@pytest.mark.parametrize("state", ["full", "replica"])
def test_a_redis_that_takes_no_writes_is_unavailable(
    store: Store, session: Session, request: pytest.FixtureRequest, state: str
) -> None:
    request.getfixturevalue(state)
    with pytest.raises(StoreUnavailable):
        replies.submit(store, session, SAID)


@pytest.mark.parametrize(
    "said",
    [
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
        "CLUSTERDOWN The cluster is down",
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "NOREPLICAS Not enough good replicas to write.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
    ],
)
def test_whatever_redis_says_when_it_cannot_serve_means_that(said: str) -> None:
    with pytest.raises(StoreUnavailable), unavailable():
        raise BaseParser.parse_error(said)
