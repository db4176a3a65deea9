"""A bell that is put into a Redis is the message that Celery would have put there."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
import redis as redis_py

from backscroll.doorbell import ANSWER, COMPACTION, REPLIES, Doorbell, celery_app
from backscroll.session import Session
from backscroll.settings import WorkerSettings
from tests.stack.databases import Databases, connect

SESSION = Session("tests", "a.session~1")


@pytest.fixture
def settings(databases: Databases) -> Iterator[WorkerSettings]:
    """A broker at which no worker listens."""
    with databases.own() as own:
        yield WorkerSettings(broker_url=own.broker)


@pytest.fixture
def bell(settings: WorkerSettings) -> Iterator[Doorbell]:
    """A doorbell there."""
    found = Doorbell(settings, probe_interval=60)
    yield found
    found.close()


@pytest.fixture
def broker(settings: WorkerSettings) -> Iterator[redis_py.Redis]:
    """A raw connection to look at what lies there."""
    with connect(settings.broker_url) as client:
        yield client


def taken(broker: redis_py.Redis, queue: str) -> dict[str, Any]:
    """Take the only message of a queue, with what is in its body."""
    (message,) = broker.lrange(queue, 0, -1)
    broker.delete(queue)
    read: dict[str, Any] = msgspec.json.decode(message)
    read["body"] = msgspec.json.decode(b64decode(read["body"]))
    return read


def names(message: dict[str, Any]) -> set[str]:
    """Take the names out of a message that are its own, and give them."""
    headers, properties = message["headers"], message["properties"]
    properties.pop("reply_to")  # nobody replies
    found = {headers.pop("id"), headers.pop("root_id"), properties.pop("correlation_id")}
    return found | {properties.pop("delivery_tag")}


def test_a_bell_is_the_message_that_celery_writes(
    bell: Doorbell, settings: WorkerSettings, broker: redis_py.Redis
) -> None:
    assert bell.ring(SESSION)
    ours = taken(broker, REPLIES)
    with celery_app(settings, publishes_only=True) as app:
        app.send_task(ANSWER, args=(SESSION.tenant, SESSION.id), ignore_result=True)
    theirs = taken(broker, REPLIES)
    names(theirs)
    assert len(names(ours)) == 1
    assert ours == theirs


def test_each_bell_has_a_name_of_its_own(bell: Doorbell, broker: redis_py.Redis) -> None:
    found = set()
    for _ in range(2):
        assert bell.ring(SESSION)
        found |= names(taken(broker, REPLIES))
    assert len({UUID(name) for name in found}) == 2


def test_each_queue_has_its_own_bells(bell: Doorbell, broker: redis_py.Redis) -> None:
    assert bell.ring_compaction(SESSION)
    assert bell.waiting() == {REPLIES: 0, COMPACTION: 1}
    assert taken(broker, COMPACTION)["headers"]["task"] == "backscroll.compact"


def test_a_broker_that_is_full_is_there_and_takes_no_bell(
    bell: Doorbell, broker: redis_py.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    broker.set(REPLIES, "no list")  # refused as a whole, and for this key alone
    assert not bell.ring(SESSION)
    assert "the broker takes no bells" in caplog.text
    broker.delete(REPLIES)
    assert bell.ring(SESSION)


def test_a_bell_over_a_connection_that_was_cut_rings(bell: Doorbell, broker: redis_py.Redis) -> None:
    assert bell.ring(SESSION)
    broker.execute_command("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "yes")
    assert bell.ring(SESSION)
    assert broker.llen(REPLIES) == 2
