"""Events of a reply as they are kept: for whom, for how long, and what is told once they have expired."""

from __future__ import annotations

import pytest
import redis as redis_py

from backscroll.errors import NotFound
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Text
from backscroll.session import Session
from backscroll.store import events, keys, sessions, submissions, turns
from backscroll.store.events import ORIGIN, Told
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit
from tests.integration.telling import (
    answer,
    begun,
    ended,
    events_key,
    heard,
    said,
    shown,
)

CALL = Other({"type": "function_call", "functionCall": {"name": "look"}, "thoughtSignature": "c2ln"})


@pytest.mark.parametrize("after", [None, ORIGIN, "7-0"])
def test_events_that_have_expired_are_told_anew_from_the_reply(
    store: Store, session: Session, rid: str, after: str | None
) -> None:
    turn = claim(store, session, "t")
    turns.commit(store, turn, answer("hi", CALL), go_on=False, ceiling=1000)
    end = events.read(store, session, rid).events[-1]
    assert store.client.delete(events_key(store, session, rid))
    told = events.read(store, session, rid, after)
    counted = ("usage", {**dict.fromkeys(Usage.__struct_fields__), "output_tokens": 2})
    assert shown(told) == [begun(1), said("hi"), ("part", CALL.raw), counted, ended("completed")]
    assert told.events[-1].id == end.id
    assert {event.id for event in told.events[:-1]} == {ORIGIN}, "whoever is cut off here begins again"
    assert events.read(store, session, rid, end.id) == Told((), ended=True)


def test_a_reply_that_ended_before_there_were_events_is_told_from_its_record(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    commit(store, claim(store, session, "t"), "hi")
    reply = events_key(store, session, rid).replace(":events:", ":reply:")
    redis.hdel(reply, "end_event")
    redis.delete(events_key(store, session, rid))
    told = events.read(store, session, rid)
    assert shown(told)[1:] == [
        said("hi"),
        ("usage", dict.fromkeys(Usage.__struct_fields__)),
        ended("completed"),
    ]
    assert events.read(store, session, rid, told.events[-1].id) == Told((), ended=True)


def test_f39_events_live_an_hour_from_the_last_one_and_never_longer_than_the_session(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    # Elsewhere keys without expiry filled Redis until writes failed.
    turn = claim(store, session, "t")
    found = events_key(store, session, rid)
    for act in (lambda: heard(store, turn, 1, "hi"), lambda: commit(store, turn)):
        redis.pexpire(found, 60_000)
        act()
        assert 60_000 < redis.pttl(found) <= 3_600_000
    events.read(store, session, rid)
    other = submissions.submit(store, session, Submission(parts=(Text("and?"),))).reply_id
    redis.hset(events_key(store, session, other).split(":events:")[0] + ":meta", "ttl", 90_000)
    commit(store, claim(store, session, "u"))
    assert 0 < redis.pttl(events_key(store, session, other)) <= 90_000


def test_a_session_that_is_deleted_takes_its_events_along_and_tells_who_streams(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    turn = claim(store, session, "t")
    heard(store, turn, 1, "It cos")
    ended_before = events_key(store, session, rid)
    commit(store, turn, "hi")
    waiting = submissions.submit(store, session, Submission(parts=(Text("and?"),))).reply_id
    later = claim(store, session, "u")
    with redis.pubsub() as pubsub:
        pubsub.subscribe(events_key(store, session, waiting))
        assert pubsub.get_message(timeout=5)
        sessions.delete(store, session)
        told = pubsub.get_message(timeout=5)
        assert told is not None
        assert told["data"] == b""
    assert not redis.exists(ended_before, events_key(store, session, waiting))
    assert not heard(store, later, 1, "too late")
    assert not redis.exists(events_key(store, session, waiting))
    for each in (rid, waiting):
        with pytest.raises(NotFound):
            events.read(store, session, each)


def test_events_go_with_their_session_also_where_the_reply_outlives_it(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    redis.delete(keys.of_session(session, store.settings.shards)[0])
    with pytest.raises(NotFound):
        events.read(store, session, rid)


def test_another_session_cannot_read_them(store: Store, session: Session, rid: str) -> None:
    with pytest.raises(NotFound):
        events.read(store, Session("tests", session.id + "-other"), rid)
    with pytest.raises(NotFound):
        events.read(store, session, "r_unknown")


def test_reading_them_keeps_the_session_and_the_reply_alive(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    meta = keys.of_session(session, store.settings.shards)[0]
    reply = events_key(store, session, rid).replace(":events:", ":reply:")
    for each in (meta, reply):
        redis.pexpire(each, 60_000)
    events.read(store, session, rid)
    assert min(redis.pttl(meta), redis.pttl(reply)) > 60_000


def test_the_events_of_a_reply_take_no_more_room_than_they_need(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    commit(store, claim(store, session, "t"))
    assert (redis.memory_usage(keys.events(session, store.settings.shards, rid)) or 0) < 2000
