"""A broker on the history's server: a message and the bell for it are one step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis as redis_py

from backscroll.bells import Bell
from backscroll.broker import database_beside
from backscroll.doorbell import REPLIES, Doorbell
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.settings import WorkerSettings
from backscroll.store import replies, submissions
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, Submitted
from tests.integration.acting import claim, commit
from tests.stack.databases import Databases, Urls, connect


@pytest.fixture
def urls(store: Store, databases: Databases) -> Iterator[Urls]:
    """Where the store's history is, and a broker of one's own at which no worker listens."""
    with databases.own() as own:
        yield Urls(store.settings.redis_url, own.broker)


@pytest.fixture
def doorbell(urls: Urls) -> Iterator[Doorbell]:
    found = Doorbell(WorkerSettings(broker_url=urls.broker), probe_interval=60, history_url=urls.redis)
    yield found
    found.close()


@pytest.fixture
def broker(urls: Urls) -> Iterator[redis_py.Redis]:
    """A raw connection to look at what lies there."""
    with connect(urls.broker) as client:
        yield client


def submit(store: Store, session: Session, bell: Bell | None, key: str | None = None) -> Submitted:
    return submissions.submit(
        store, session, Submission(parts=(Text("hello"),), idempotency_key=key), bell=bell
    )


def test_a_message_rings_as_it_is_accepted_and_nobody_has_to(
    store: Store, session: Session, doorbell: Doorbell, broker: redis_py.Redis
) -> None:
    bell = doorbell.beside(session)
    assert bell is not None
    assert not submit(store, session, bell).ring
    assert broker.lrange(REPLIES, 0, -1) == [bell.message]
    assert claim(store, session, "worker").request == (Text("hello"),)


def test_where_somebody_will_hear_of_it_no_bell_is_rung(
    store: Store, session: Session, doorbell: Doorbell, broker: redis_py.Redis
) -> None:
    for _ in range(2):
        assert not submit(store, session, doorbell.beside(session)).ring
    assert broker.llen(REPLIES) == 1, "the first one is still on its way"
    turn = claim(store, session, "worker")
    submit(store, session, doorbell.beside(session))
    assert broker.llen(REPLIES) == 1, "the holder will see it when it commits"
    commit(store, turn, "hello")


def test_a_message_that_is_posted_again_is_not_rung_for_again(
    store: Store, session: Session, doorbell: Doorbell, broker: redis_py.Redis
) -> None:
    first, again = (submit(store, session, doorbell.beside(session), key="a-key") for _ in range(2))
    assert (first.reply_id, first.new, again.new) == (again.reply_id, True, False)
    assert broker.llen(REPLIES) == 1


def test_a_bell_that_is_refused_is_asked_for_and_the_message_is_accepted(
    store: Store, session: Session, doorbell: Doorbell, broker: redis_py.Redis
) -> None:
    broker.set(REPLIES, "no list")
    submitted = submit(store, session, doorbell.beside(session))
    assert submitted.ring
    assert replies.read(store, session, submitted.reply_id).status == "queued"
    broker.delete(REPLIES)


def test_a_database_that_the_server_does_not_have_leaves_the_message_where_it_belongs(
    store: Store, session: Session, redis: redis_py.Redis
) -> None:
    assert submit(store, session, Bell(9999, REPLIES, b"ding")).ring
    assert not redis.exists(REPLIES)
    assert claim(store, session, "worker").request == (Text("hello"),)


@pytest.mark.parametrize(
    ("broker", "history", "database"),
    [
        ("redis://redis:6379/1", "redis://redis:6379/0", 1),
        ("redis://redis:6379", "redis://redis:6379/3", 0),
        ("redis+socket:///run/r.sock?virtual_host=1", "unix:///run/r.sock?db=0", 1),
        ("redis://a:b@redis:6379/1", "redis://a:b@redis:6379/0", 1),
        ("redis://bells:b@redis:6379/1", "redis://history:b@redis:6379/0", None),
        ("redis://other:6379/1", "redis://redis:6379/0", None),
        ("rediss://redis:6379/1", "redis://redis:6379/0", None),
        ("redis+socket:///run/other.sock?virtual_host=1", "unix:///run/r.sock?db=0", None),
        ("amqp://redis:5672//", "redis://redis:6379/0", None),
        ("redis+sentinel://one:26379/history/1", "redis+sentinel://one:26379/history/0", None),
        ("redis://redis:6379/1", "redis+cluster://redis:6379", None),
    ],
)
def test_a_broker_is_beside_the_history_on_the_same_server_and_for_the_same_user(
    broker: str, history: str, database: int | None
) -> None:
    assert database_beside(broker, history) == database


def test_a_broker_elsewhere_has_no_bell_to_give(session: Session) -> None:
    elsewhere = Doorbell(
        WorkerSettings(broker_url="redis://redis:6379/1"), probe_interval=60, history_url="redis://other:6379"
    )
    assert elsewhere.beside(session) is None
    elsewhere.close()
