"""Who waits for a reply hears of its end, whenever that comes, and asks Redis no more often than it takes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_py
from redis.client import PubSub

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import keys, replies, submissions
from backscroll.store.ended import Ended
from backscroll.store.redis import Argument, Store
from backscroll.store.submissions import Submission, new_id
from tests.integration.acting import claim, commit
from tests.integration.living import ONE, OpenStore
from tests.stack.conditions import until


class Counting(Store):
    """Notes which scripts were run."""

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        self.ran.append(name)
        return super().run(name, session, *args)

    ran: list[str]


@pytest.fixture
def counting(store: Store) -> Iterator[Counting]:
    """The store as a web process has it."""
    found = Counting(store.settings)
    found.ran = []
    yield found
    found.close()


@pytest.fixture
def ended(counting: Counting) -> Iterator[Ended]:
    """Somebody who listens already."""
    found = Ended(counting)
    until(
        "it listens",
        lambda: all(found._listener.listen(each) for each in (keys.ENDED, found.channel)),
    )
    yield found
    found.close()


def test_a_reply_that_ends_before_anybody_waits_is_heard_to_have_ended(
    ended: Ended, counting: Counting, store: Store, session: Session
) -> None:
    name = new_id()
    with ended.expecting(name) as event:
        submissions.submit(store, session, Submission(parts=(Text("hello"),)), name)
        commit(store, claim(store, session, "t"), "hi")
        assert ended.expected(session, name, 30, event).text == "hi"
    assert counting.ran == ["read_reply"]


def test_who_waits_for_a_new_reply_reads_it_once_it_has_ended(
    ended: Ended, counting: Counting, store: Store, session: Session
) -> None:
    name = new_id()
    with ThreadPoolExecutor() as pool, ended.expecting(name) as event:
        submissions.submit(store, session, Submission(parts=(Text("hello"),)), name)
        waiting = pool.submit(ended.expected, session, name, 30, event)
        commit(store, claim(store, session, "t"), "hi")
        assert waiting.result(30).text == "hi"
    assert counting.ran == ["read_reply"]


def test_who_waits_for_a_message_of_its_own_is_told_the_reply_and_reads_nothing(
    ended: Ended, counting: Counting, store: Store, session: Session
) -> None:
    name = new_id()
    with ended.expecting(name) as event:
        submissions.submit(store, session, Submission(parts=(Text("hello"),)), name, waiter=ended.channel)
        commit(store, claim(store, session, "t"), "Grüße: 1 2:3 \n")
        told = ended.expected(session, name, 30, event)
    assert counting.ran == []
    assert told.text == "Grüße: 1 2:3 \n"
    assert told == replies.read(store, session, name)


def test_a_cancelled_reply_is_told_too(
    ended: Ended, counting: Counting, store: Store, session: Session
) -> None:
    name = new_id()
    with ended.expecting(name) as event:
        submissions.submit(store, session, Submission(parts=(Text("hello"),)), name, waiter=ended.channel)
        replies.cancel(store, session, name)
        assert ended.expected(session, name, 30, event).status == "cancelled"
    assert counting.ran == []


def test_what_is_told_of_a_sealed_reply_is_sealed(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    store, name = open_store(ONE), new_id()
    with redis.pubsub() as pubsub:
        pubsub.subscribe("here")
        submissions.submit(store, session, Submission(parts=(Text("hello"),)), name, waiter="here")
        commit(store, claim(store, session, "t"), "nobody's business")
        heard: list[bytes] = []
        until("it is told", lambda: _heard(pubsub, heard))
    reply_id, _, fields = heard[0].partition(b" ")
    assert reply_id == name.encode()
    assert b"business" not in fields
    assert replies.told(store, session, name, fields).text == "nobody's business"


def _heard(pubsub: PubSub, heard: list[bytes]) -> bool:
    message = pubsub.get_message(ignore_subscribe_messages=True)
    heard += [message["data"]] if message else []
    return bool(heard)


def test_one_that_does_not_end_in_time_is_given_as_it_stands(
    ended: Ended, store: Store, session: Session
) -> None:
    name = new_id()
    with ended.expecting(name) as event:
        submissions.submit(store, session, Submission(parts=(Text("hello"),)), name)
        assert ended.expected(session, name, 0.01, event).status == "queued"


def test_one_that_has_ended_is_given_at_once(ended: Ended, store: Store, session: Session) -> None:
    posted = submissions.submit(store, session, Submission(parts=(Text("hello"),)))
    commit(store, claim(store, session, "t"), "hi")
    assert ended.wait(session, posted.reply_id, 30).text == "hi"


def test_who_does_not_listen_yet_looks_first(counting: Counting, store: Store, session: Session) -> None:
    fresh, name = Ended(counting), new_id()
    with fresh.expecting(name) as event:
        assert event.is_set()
    fresh.close()


def test_those_who_are_let_go_wait_no_more(ended: Ended, store: Store, session: Session) -> None:
    name = new_id()
    submissions.submit(store, session, Submission(parts=(Text("hello"),)), name)
    with ended.expecting(name) as event:
        ended.release()
        assert ended.expected(session, name, 30, event).status == "queued"
    with ended.expecting(name) as event:
        assert ended.expected(session, name, 30, event).status == "queued"
