"""Compactions at the store: a snapshot without a lock, and a change that is made once or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis as redis_py

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, keys, replies, sessions, turns
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, claim, commit, texts


def let_the_lease_run_out(store: Store, redis: redis_py.Redis, session: Session) -> None:
    redis.hset(keys.of_session(session, store.settings.shards)[0], "compaction_until", 0)


def test_f02_of_two_compactions_started_together_one_is_made(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    # Elsewhere two workers compacted the same conversation: triplicate summaries.
    talked(4)
    begin(store, session, "one")
    assert compactions.begin(store, session, "two") is None


def test_f02_of_two_compactions_that_overlap_all_the_same_one_is_discarded_and_counted(
    store: Store, redis: redis_py.Redis, session: Session, talked: Callable[[int], None]
) -> None:
    talked(4)
    slow = begin(store, session, "slow")
    let_the_lease_run_out(store, redis, session)
    quick = begin(store, session, "quick")
    assert bring(store, quick, 4) == "applied"
    assert bring(store, slow, 6) == "discarded"
    state = sessions.state(store, session)
    assert [(chapter.first, chapter.last) for chapter in state.chapters] == [(1, 4)]
    assert (state.compactions, state.discarded) == (1, 1)
    assert texts(store, session) == [text for n in range(4) for text in (f"said {n}", f"answer {n}")]


def test_a_change_that_finds_the_session_busy_waits_for_the_end_of_the_turn(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    talked(4)
    snapshot = begin(store, session, "c")
    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "t")
    assert bring(store, snapshot, 4) == "offered"
    assert not sessions.state(store, session).chapters, "the turn in work goes on with what it was given"
    commit(store, turn, "so")
    assert [chapter.last for chapter in sessions.state(store, session).chapters] == [4]
    assert texts(store, session)[-2:] == ["and now?", "so"]


def test_f09_a_turn_in_work_is_never_covered(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    # Elsewhere a pending confirmation was compacted away.
    talked(2)
    submit(store, session, Submission(parts=(Text("book it?"),)))
    turn = claim(store, session, "t")
    snapshot = begin(store, session, "c")
    assert [message.text for message in snapshot.messages][-1] == "answer 1"
    assert bring(store, snapshot, 4) == "offered"
    commit(store, turn, "booked")
    context = sessions.read_context(store, session)
    assert [message.text for message in context.messages] == ["book it?", "booked"]


@pytest.mark.parametrize("how", ["finish", "give_back", "refuse"])
def test_f05_a_compaction_that_comes_to_nothing_changes_nothing(
    store: Store, session: Session, talked: Callable[[int], None], how: str
) -> None:
    # Elsewhere messages were taken out before the summary existed, and then the summary failed.
    talked(4)
    before = sessions.read_context(store, session)
    snapshot = begin(store, session, "c")
    if how == "refuse":
        assert [compactions.refuse(store, begin(store, session, "c"), "empty", 10) for _ in range(3)] == [
            10,
            20,
            40,
        ]
    else:
        getattr(compactions, how)(store, snapshot)
    assert sessions.read_context(store, session) == before
    assert sessions.state(store, session).compaction_due == (how != "finish")
    assert bring(store, snapshot, 4) == "discarded", "it is over: what comes later is too late"


def test_who_gave_the_lock_back_writes_nothing(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    talked(1)
    submit(store, session, Submission(parts=(Text("hi"),)))
    turn = claim(store, session, "t")
    turns.snooze(store, turn, 0)
    with pytest.raises(turns.LeaseLost):
        commit(store, turn, "written without a lock")
    assert texts(store, session) == ["said 0", "answer 0"]


def test_f39_every_kind_of_key_has_its_expiry(
    store: Store, redis: redis_py.Redis, session: Session, talked: Callable[[int], None]
) -> None:
    # Elsewhere keys without expiry filled Redis until writes failed.
    talked(4)
    bring(store, begin(store, session, "a"), 4)
    snapshot = begin(store, session, "b")
    submit(store, session, Submission(parts=(Text("hi"),), idempotency_key="k"))
    submit(store, session, Submission(parts=(Text("ho"),), on_busy="merge"))
    claim(store, session, "t")
    bring(store, snapshot, 8)
    submit(store, session, Submission(parts=(Text("and"),)))
    found = {
        key.decode().split(f"{session}:")[1].split(":")[0]: redis.pttl(key)
        for key in redis.scan_iter(f"*{session}:*")
    }
    known = {"meta", "live", "chapters", "archive", "inbox", "lock", "offer", "replies", "reply", "idem"}
    assert set(found) >= known - {"live"}
    week = store.settings.session_ttl * 1000
    assert all(0 < left <= week for left in found.values()), found


def test_f39_what_an_offer_makes_has_its_expiry_when_the_session_falls_silent_behind_it(
    store: Store, redis: redis_py.Redis, session: Session, talked: Callable[[int], None]
) -> None:
    talked(2)
    snapshot = begin(store, session, "c")
    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "t")
    assert bring(store, snapshot, 4) == "offered"
    commit(store, turn, "so", go_on=True)
    _, _, chapters, _, archive, *_ = keys.of_session(session, store.settings.shards)
    assert redis.pttl(chapters) > 0
    assert redis.pttl(archive) > 0


def test_the_index_of_what_waits_lives_as_long_as_the_session_that_waits(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    reply_id = submit(store, session, Submission(parts=(Text("hi"),))).reply_id
    meta, due = (
        keys.of_session(session, store.settings.shards)[0],
        keys.of_shard(session.shard(store.settings.shards))[0],
    )
    for key in (meta, due):
        redis.pexpire(key, 5000)
    replies.read(store, session, reply_id)
    week = store.settings.session_ttl * 1000
    assert redis.pttl(due) > week - 5000
    turns.snooze(store, claim(store, session, "t"), 2 * store.settings.session_ttl)
    assert redis.pttl(due) > 2 * week
