"""Events of a reply on a real Redis: told once, by the holder only, and readable to the end of the reply."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from backscroll.errors import NotFound
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Text
from backscroll.session import Session
from backscroll.store import events, keys, replies, sessions, turns
from backscroll.store.events import ORIGIN, Event, Told
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError, Submission
from backscroll.store.turns import Completed, Turn
from tests.integration.acting import claim, commit

ERROR = ReplyError("model_unavailable", "down", retryable=True)
CALL = Other({"type": "function_call", "functionCall": {"name": "look"}, "thoughtSignature": "c2ln"})


@pytest.fixture
def rid(store: Store, session: Session) -> str:
    """A reply that waits in the session's inbox."""
    return replies.submit(store, session, Submission(parts=(Text("hello"),))).reply_id


def key(store: Store, session: Session, rid: str) -> str:
    return keys.events(session, store.settings.shards, rid)


def let_the_lease_run_out(store: Store, session: Session) -> None:
    found = keys.of_session(session, store.settings.shards)
    store.client.delete(next(key for key in found if key.endswith(":lock")))


def heard(store: Store, turn: Turn, number: int, *texts: str) -> bool:
    """Tell words as batch `number`; whether the turn is ours still."""
    batch = (number, [events.delta(text, thought=False) for text in texts])
    return events.append(store, [(turn, events.pack([batch]))])[0]


def shown(told: Told) -> list[tuple[str, Any]]:
    return [(event.kind, json.loads(event.data)) for event in told.events]


def begun(attempt: int) -> tuple[str, Any]:
    return "status", {"status": "in_progress", "attempt": attempt}


def said(text: str) -> tuple[str, Any]:
    return "delta", {"text": text}


def ended(status: str) -> tuple[str, Any]:
    return "end", {"status": status}


def in_order(told: Told) -> bool:
    ids = [event.order for event in told.events]
    return ids == sorted(set(ids))


def test_a_turn_is_told_from_its_claim_to_its_end(store: Store, session: Session, rid: str) -> None:
    assert events.read(store, session, rid) == Told(
        (Event(ORIGIN, "status", b'{"status":"queued","attempt":0,"position":0}'),), ended=False
    )
    turn = claim(store, session, "t")
    assert heard(store, turn, 1, "h")
    assert heard(store, turn, 2, "i", "!")
    rest = events.pack([(3, [events.usage(Usage(output_tokens=2))])])
    turns.commit(store, turn, answer("hi!"), go_on=False, ceiling=1000, untold=rest)
    told = events.read(store, session, rid)
    counted = ("usage", {**dict.fromkeys(Usage.__struct_fields__), "output_tokens": 2})
    assert shown(told) == [begun(1), said("h"), said("i"), said("!"), counted, ended("completed")]
    assert told.ended
    assert in_order(told)


def answer(text: str, *others: Other) -> Completed:
    return Completed(
        parts=(Text(text), *others),
        model="m",
        asked="m",
        usage=Usage(output_tokens=2),
        tokens=9,
        complete=True,
        compaction_due=False,
        finished_at=1,
    )


def test_a_batch_that_is_replayed_is_told_once(
    store: Store, replaying: Store, session: Session, rid: str
) -> None:
    turn = claim(replaying, session, "t")
    assert all(heard(store, turn, 1, "h") for _ in range(3))
    assert heard(store, turn, 2, "i")
    assert heard(store, turn, 1, "h")
    rest = events.pack(
        [(number, [events.delta(text, thought=False)]) for number, text in ((2, "i"), (3, "!"))]
    )
    turns.commit(replaying, turn, answer("hi!"), go_on=False, ceiling=1000, untold=rest)
    told = events.read(store, session, rid)
    assert shown(told) == [begun(1), said("h"), said("i"), said("!"), ended("completed")]


def test_f29_another_attempt_voids_what_the_lost_worker_told_and_refuses_the_rest(
    store: Store, session: Session, rid: str
) -> None:
    # Elsewhere the producer's death lost the stream.
    late = claim(store, session, "late")
    heard(store, late, 1, "It cos")
    before = events.read(store, session, rid)
    let_the_lease_run_out(store, session)
    assert not heard(store, late, 2, "ts"), "nobody holds the session"
    current = claim(store, session, "current")
    assert not heard(store, late, 3, "ts 4"), "somebody else does"
    assert heard(store, current, 1, "You pay")
    told = events.read(store, session, rid)
    assert shown(told) == [begun(2), said("You pay")]
    assert told.events[0].order > before.events[-1].order, "no id is given twice"
    assert events.read(store, session, rid, before.events[1].id) == told


def test_a_turn_that_is_over_is_told_nothing_more_also_while_its_holder_goes_on(
    store: Store, session: Session, rid: str
) -> None:
    replies.submit(store, session, Submission(parts=(Text("and?"),)))
    turn = claim(store, session, "t")
    following = commit(store, turn, go_on=True).next_turn
    assert following is not None
    assert not heard(store, turn, 1, "too late")
    assert shown(events.read(store, session, rid)) == [begun(1), ended("completed")]
    assert heard(store, following, 1, "in time")
    assert shown(events.read(store, session, following.reply_id)) == [begun(1), said("in time")]


def test_a_status_of_the_holder_voids_what_was_told_before_it(
    store: Store, session: Session, rid: str
) -> None:
    turn = claim(store, session, "t")
    heard(store, turn, 1, "It cos")
    again = events.pack([(2, [events.status("in_progress", 1), events.delta("You pay", thought=False)])])
    assert events.append(store, [(turn, again)]) == [True]
    told = events.read(store, session, rid)
    assert shown(told) == [begun(1), said("You pay")]
    assert in_order(told)


def test_a_pause_that_the_model_asks_for_is_told_and_the_next_claim_begins_anew(
    store: Store, session: Session, rid: str
) -> None:
    turn = claim(store, session, "a")
    heard(store, turn, 1, "It cos")
    turns.snooze(store, turn, 0)
    paused = events.read(store, session, rid)
    assert shown(paused) == [("status", {"status": "queued", "attempt": 0})]
    current = claim(store, session, "b")
    assert heard(store, current, 1, "You pay"), "batches are numbered anew"
    again = events.read(store, session, rid, paused.events[0].id)
    assert shown(again) == [begun(1), said("You pay")]


def by_failure(store: Store, session: Session, rid: str) -> None:
    turns.fail(store, claim(store, session, "t"), ERROR, go_on=False, ceiling=1000)


def by_cancelling(store: Store, session: Session, rid: str) -> None:
    claim(store, session, "t")
    replies.cancel(store, session, rid)


def by_losing_every_worker(store: Store, session: Session, rid: str) -> None:
    for attempt in range(store.settings.max_attempts):
        claim(store, session, f"t{attempt}")
        let_the_lease_run_out(store, session)
    assert turns.claim(store, session, "last", ceiling=1000) is None


@pytest.mark.parametrize(
    ("end", "status"),
    [(by_failure, "failed"), (by_cancelling, "cancelled"), (by_losing_every_worker, "failed")],
)
def test_f28_every_end_is_told(
    store: Store, session: Session, rid: str, end: Callable[[Store, Session, str], None], status: str
) -> None:
    # Elsewhere a stream whose end marker was lost hung its clients.
    end(store, session, rid)
    told = events.read(store, session, rid)
    assert [kind for kind, _ in shown(told)] == ["status", "end"]
    assert shown(told)[-1] == ended(status)
    behind = events.read(store, session, rid, told.events[-1].id)
    assert behind == Told((), ended=True)


def test_a_reply_that_was_cancelled_before_its_turn_has_a_beginning_too(
    store: Store, session: Session, rid: str
) -> None:
    replies.cancel(store, session, rid)
    told = events.read(store, session, rid)
    assert shown(told) == [("status", {"status": "queued", "attempt": 0}), ended("cancelled")]


@pytest.mark.parametrize("after", [None, ORIGIN, "7-0"])
def test_events_that_have_expired_are_told_anew_from_the_reply(
    store: Store, session: Session, rid: str, after: str | None
) -> None:
    turn = claim(store, session, "t")
    turns.commit(store, turn, answer("hi", CALL), go_on=False, ceiling=1000)
    end = events.read(store, session, rid).events[-1]
    assert store.client.delete(key(store, session, rid))
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
    reply = key(store, session, rid).replace(":events:", ":reply:")
    redis.hdel(reply, "end_event")
    redis.delete(key(store, session, rid))
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
    found = key(store, session, rid)
    for act in (lambda: heard(store, turn, 1, "hi"), lambda: commit(store, turn)):
        redis.pexpire(found, 60_000)
        act()
        assert 60_000 < redis.pttl(found) <= 3_600_000
    events.read(store, session, rid)
    other = replies.submit(store, session, Submission(parts=(Text("and?"),))).reply_id
    redis.hset(key(store, session, other).split(":events:")[0] + ":meta", "ttl", 90_000)
    commit(store, claim(store, session, "u"))
    assert 0 < redis.pttl(key(store, session, other)) <= 90_000


def test_a_session_that_is_deleted_takes_its_events_along_and_tells_who_streams(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    turn = claim(store, session, "t")
    heard(store, turn, 1, "It cos")
    ended_before = key(store, session, rid)
    commit(store, turn, "hi")
    waiting = replies.submit(store, session, Submission(parts=(Text("and?"),))).reply_id
    later = claim(store, session, "u")
    with redis.pubsub() as pubsub:
        pubsub.subscribe(key(store, session, waiting))
        assert pubsub.get_message(timeout=5)
        sessions.delete(store, session)
        told = pubsub.get_message(timeout=5)
        assert told is not None
        assert told["data"] == b""
    assert not redis.exists(ended_before, key(store, session, waiting))
    assert not heard(store, later, 1, "too late")
    assert not redis.exists(key(store, session, waiting))
    for each in (rid, waiting):
        with pytest.raises(NotFound):
            events.read(store, session, each)


def test_events_go_with_their_session_also_where_the_reply_outlives_it(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    redis.delete(keys.of_session(session, store.settings.shards)[0])
    with pytest.raises(NotFound):
        events.read(store, session, rid)


def test_a_clock_that_goes_back_gives_no_id_twice(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    claim(store, session, "a")
    ahead = f"{2**42}-0"
    redis.xadd(key(store, session, rid), {"delta": '{"text":"told in the future"}'}, id=ahead)
    let_the_lease_run_out(store, session)
    claim(store, session, "b")
    assert shown(events.read(store, session, rid, ahead)) == [begun(2)]


def test_another_session_cannot_read_them(store: Store, session: Session, rid: str) -> None:
    with pytest.raises(NotFound):
        events.read(store, Session("tests", session.id + "-other"), rid)
    with pytest.raises(NotFound):
        events.read(store, session, "r_unknown")


def test_reading_them_keeps_the_session_and_the_reply_alive(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    meta = keys.of_session(session, store.settings.shards)[0]
    reply = key(store, session, rid).replace(":events:", ":reply:")
    for each in (meta, reply):
        redis.pexpire(each, 60_000)
    events.read(store, session, rid)
    assert min(redis.pttl(meta), redis.pttl(reply)) > 60_000


def test_a_session_shows_its_newest_replies_ended_or_not(store: Store, session: Session) -> None:
    said = [replies.submit(store, session, Submission(parts=(Text(str(n)),))).reply_id for n in range(23)]
    merged = replies.submit(store, session, Submission(parts=(Text("more"),), on_busy="merge"))
    assert merged.reply_id == said[-1]
    replies.cancel(store, session, said[-1])
    found = sessions.state(store, session).replies
    assert [each.id for each in found] == said[:-21:-1]
    assert [each.status for each in found] == ["cancelled"] + ["queued"] * 19
    assert [each.finished_at is not None for each in found] == [True] + [False] * 19
    assert all(each.created_at for each in found)


def test_the_events_of_a_reply_take_no_more_room_than_they_need(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    commit(store, claim(store, session, "t"))
    assert (redis.memory_usage(keys.events(session, store.settings.shards, rid)) or 0) < 2000
