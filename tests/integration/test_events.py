"""Events of a reply on a real Redis: told once, by the holder only, and readable to the end of the reply."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis as redis_py

from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import events, replies, submissions, turns
from backscroll.store.events import ORIGIN, Event, Told
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit
from tests.integration.telling import (
    answer,
    begun,
    ended,
    events_key,
    heard,
    in_order,
    let_the_lease_run_out,
    said,
    shown,
)

ERROR = ReplyError("model_unavailable", "down", retryable=True)


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
    submissions.submit(store, session, Submission(parts=(Text("and?"),)))
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


def test_a_clock_that_goes_back_gives_no_id_twice(
    store: Store, redis: redis_py.Redis, session: Session, rid: str
) -> None:
    claim(store, session, "a")
    ahead = f"{2**42}-0"
    redis.xadd(events_key(store, session, rid), {"delta": '{"text":"told in the future"}'}, id=ahead)
    let_the_lease_run_out(store, session)
    claim(store, session, "b")
    assert shown(events.read(store, session, rid, ahead)) == [begun(2)]
