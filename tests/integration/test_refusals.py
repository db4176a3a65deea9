"""A Redis that is there and will not serve: to its callers, that is as if it were away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis as redis_py
from redis._parsers.base import BaseParser
from redis.exceptions import NoScriptError, ResponseError

from backscroll.errors import StoreUnavailable
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import events, submissions
from backscroll.store.redis import Store
from backscroll.store.refusals import unavailable
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, key

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


@pytest.fixture
def alone(redis: redis_py.Redis) -> Iterator[None]:
    redis.config_set("min-replicas-to-write", 1)
    yield
    redis.config_set("min-replicas-to-write", 0)


@pytest.mark.parametrize("state", ["full", "replica", "alone"])
def test_a_redis_that_takes_no_writes_is_unavailable(
    store: Store, session: Session, request: pytest.FixtureRequest, state: str
) -> None:
    request.getfixturevalue(state)
    with pytest.raises(StoreUnavailable):
        submissions.submit(store, session, SAID)


@pytest.mark.parametrize("state", ["full", "replica", "alone"])
def test_so_it_is_for_many_calls_in_one_round_trip_and_none_of_them_is_quoted(
    store: Store, session: Session, request: pytest.FixtureRequest, state: str
) -> None:
    named = [session, Session("tests", session.id + "-other")]
    for each in named:
        submissions.submit(store, each, SAID)
    packed = events.pack([(1, [events.delta("hi", thought=False)])])
    heard = [(claim(store, each, "t"), packed) for each in named]
    request.getfixturevalue(state)
    with pytest.raises(StoreUnavailable) as caught:
        events.append(store, heard)
    assert caught.value.refused
    assert session.id not in str(caught.value)


def test_a_script_that_fails_is_no_store_that_cannot_serve(own_store: Store, session: Session) -> None:
    """To try again would not help, and to say so would hide a bug of ours, or what was damaged."""
    submissions.submit(own_store, session, SAID)
    inbox = key(own_store, session, "inbox")
    own_store.client.delete(inbox)
    own_store.client.set(inbox, "damaged", px=60_000)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        submissions.submit(own_store, session, SAID)


def test_scripts_that_the_server_does_not_keep_are_no_bug_of_ours(
    store: Store, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets(_: object) -> None:
        raise NoScriptError("No matching script.")

    monkeypatch.setattr(store.servers, "send", forgets)
    with pytest.raises(StoreUnavailable) as caught:
        submissions.submit(store, session, SAID)
    assert caught.value.refused


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.", "ERR"),
        ("ERR unknown command 'EVALSHA', with args beginning with: 'bs:{session}'", "ERR"),
        ("QUOTA session is over it", "QUOTA"),
        ("MOVED 3999 127.0.0.1:6381", "MovedError"),
    ],
)
def test_what_nobody_knows_means_so_too_and_is_not_quoted(said: str, told: str) -> None:
    with pytest.raises(StoreUnavailable) as caught, unavailable():
        raise BaseParser.parse_error(said)
    assert caught.value.refused
    assert str(caught.value) == f"the history store cannot serve: it says {told}"


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
