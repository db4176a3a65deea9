"""Restoring: what was covered comes back to the byte, whole chapters at a time, and stays for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis as redis_py

from backscroll.errors import InvalidRequest, NotFound, SessionBusy
from backscroll.ledger.ledger import Ledger, Pending, Said
from backscroll.messages.archive import unpack
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, keys, sessions, turns
from backscroll.store.redis import Store
from backscroll.store.replies import Submission, cancel, submit
from backscroll.store.restore import Restored, restore
from tests.integration.acting import begin, bring, claim, commit, merged, raw, talk

# A chapter of these tests stands for 9 tokens and has 2; a session that was talked in has 9.
AMPLE = 1000

Interrupted = Callable[[str, Callable[[], object]], Store]
LISTS = ("live", "chapters", "archive")


def said(*seqs: int) -> Ledger:
    return Ledger(
        said=tuple(Said(seq, "user", 1, ()) for seq in seqs),
        pending=tuple(Pending(seq, "user", 1, "task", "to do") for seq in seqs),
        dropped=3,
    )


@pytest.fixture(autouse=True)
def eight_turns(talked: Callable[[int], None]) -> None:
    talked(8)


def compact(store: Store, session: Session, *lasts: int, merge: tuple[int, int] | None = None) -> None:
    """Cover the messages up to each of `lasts` by a chapter, and note all covered seqs in the ledger."""
    for last in lasts:
        snapshot = begin(store, session, f"c{last}")
        merge_now = merged(snapshot, *merge) if merge else None
        assert bring(store, snapshot, last, ledger=said(*range(1, last + 1)), merge=merge_now) == "applied"


def stored(redis: redis_py.Redis, store: Store, session: Session) -> dict[str, list[bytes]]:
    return {name: raw(redis, store, session, name) for name in LISTS}


def check_whole(redis: redis_py.Redis, store: Store, session: Session) -> None:
    """Check that chapters and archive cover exactly 1…watermark, and all messages are there in order."""
    state = sessions.state(store, session)
    covered = [seq for chapter in state.chapters for seq in range(chapter.first, chapter.last + 1)]
    archived = [seq for block in raw(redis, store, session, "archive") for seq, _ in unpack(block)]
    assert covered == archived == list(range(1, state.watermark + 1))
    messages = sessions.transcript(store, session).messages
    assert [message.seq for message in messages] == list(range(1, state.messages + 1))
    assert [message.role for message in messages] == ["user", "model"] * (state.messages // 2)
    live = sessions.read_context(store, session).messages
    assert [message.seq for message in live] == list(range(state.watermark + 1, state.messages + 1))


def test_what_comes_back_is_what_was_said_to_the_byte(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    before = stored(redis, store, session)
    compact(store, session, 4, 10)
    assert restore(store, session, budget=AMPLE) == Restored(
        chapters=2, messages=10, watermark=0, context_tokens=16
    )
    assert stored(redis, store, session) == before
    assert sessions.read_context(store, session).ledger == Ledger()
    check_whole(redis, store, session)


def test_the_newest_chapter_comes_back_first_and_the_others_stay_to_the_byte(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4, 6)
    before = stored(redis, store, session)
    compact(store, session, 12)
    restored = restore(store, session, budget=AMPLE, chapters=1)
    assert (restored.chapters, restored.messages, restored.watermark) == (1, 6, 6)
    assert stored(redis, store, session) == before
    assert sessions.read_context(store, session).ledger == said(*range(1, 7))
    check_whole(redis, store, session)


def test_a_range_of_many_blocks_comes_back_in_order(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    talk(store, session, 100)
    before = stored(redis, store, session)
    compact(store, session, 2, 6, 200)
    assert len(raw(redis, store, session, "archive")) > 4
    assert restore(store, session, budget=AMPLE).messages == 200
    assert stored(redis, store, session) == before


def test_a_merged_chapter_comes_back_as_a_whole(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    before = stored(redis, store, session)
    compact(store, session, 4, 8)
    compact(store, session, 10, merge=(0, 2))
    assert [chapter.level for chapter in sessions.state(store, session).chapters] == [1, 0]
    assert restore(store, session, budget=AMPLE, chapters=1).watermark == 8
    check_whole(redis, store, session)
    assert restore(store, session, budget=AMPLE, chapters=1).watermark == 0
    assert stored(redis, store, session) == before


def test_a_restore_whose_answers_are_lost_is_made_once(
    store: Store, replaying: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    before = stored(redis, store, session)
    compact(store, session, 10)
    assert restore(replaying, session, budget=AMPLE, chapters=1).messages == 6
    assert stored(redis, store, session) == before


def test_after_a_restore_there_is_nothing_left_to_restore(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    restore(store, session, budget=AMPLE)
    before = stored(redis, store, session)
    again = restore(store, session, budget=AMPLE, chapters=3)
    assert again == Restored(watermark=0, context_tokens=9, reason="nothing_compacted")
    assert stored(redis, store, session) == before


def test_only_as_much_comes_back_as_fits_the_budget(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4, 8, 12)
    before = stored(redis, store, session)
    assert restore(store, session, budget=6) == Restored(watermark=12, context_tokens=0, reason="budget")
    with pytest.raises(InvalidRequest, match="1 chapters fit") as refused:
        restore(store, session, budget=15, chapters=2)
    assert refused.value.field == "chapters"
    assert stored(redis, store, session) == before
    assert restore(store, session, budget=16) == Restored(
        chapters=2, messages=8, watermark=4, context_tokens=16
    )
    check_whole(redis, store, session)


def test_a_session_that_is_not_there_is_not_brought_into_being(store: Store, session: Session) -> None:
    sessions.delete(store, session)
    with pytest.raises(NotFound):
        restore(store, session, budget=AMPLE)
    with pytest.raises(NotFound):
        sessions.state(store, session)


def test_while_a_turn_is_in_work_nothing_is_restored(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    said_now = submit(store, session, Submission(parts=(Text("and now?"),)))
    claim(store, session, "t")
    before = stored(redis, store, session)
    with pytest.raises(SessionBusy):
        restore(store, session, budget=AMPLE)
    assert stored(redis, store, session) == before
    cancel(store, session, said_now.reply_id)
    assert restore(store, session, budget=AMPLE).messages == 4


def test_while_a_turn_is_in_work_a_change_that_waits_goes_on_waiting(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    snapshot = begin(store, session, "c")
    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "t")
    assert bring(store, snapshot, 4) == "offered"
    with pytest.raises(SessionBusy):
        restore(store, session, budget=AMPLE)
    assert not sessions.state(store, session).chapters
    commit(store, turn)
    assert sessions.state(store, session).watermark == 4


def test_a_change_that_comes_to_wait_under_a_restore_is_made_first_too(
    store: Store, redis: redis_py.Redis, session: Session, interrupted: Interrupted
) -> None:
    compact(store, session, 4)

    def leave_an_offer() -> None:
        snapshot = begin(store, session, "c")
        submit(store, session, Submission(parts=(Text("and now?"),)))
        claim(store, session, "t")
        assert bring(store, snapshot, 8) == "offered"
        redis.delete(next(redis.scan_iter(f"*{session}:lock")))

    assert restore(interrupted("restore", leave_an_offer), session, budget=AMPLE, chapters=1).watermark == 4
    assert sessions.state(store, session).compactions == 2
    check_whole(redis, store, session)


def test_a_change_that_a_dead_holder_left_is_made_first(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    snapshot = begin(store, session, "c")
    submit(store, session, Submission(parts=(Text("and now?"),)))
    claim(store, session, "t")
    assert bring(store, snapshot, 8) == "offered"
    redis.delete(next(redis.scan_iter(f"*{session}:lock")))
    assert restore(store, session, budget=AMPLE, chapters=1).messages == 4
    state = sessions.state(store, session)
    assert (state.watermark, state.compactions) == (4, 2)
    check_whole(redis, store, session)


def test_a_restore_that_others_forestall_starts_from_what_they_left(
    store: Store, redis: redis_py.Redis, session: Session, interrupted: Interrupted
) -> None:
    compact(store, session, 4)
    before = stored(redis, store, session)
    slow = interrupted("restore", lambda: compact(store, session, 8))
    assert restore(slow, session, budget=AMPLE, chapters=1).watermark == 4
    assert stored(redis, store, session) == before

    other = interrupted("restore", lambda: restore(store, session, budget=AMPLE))
    assert restore(other, session, budget=AMPLE).reason == "nothing_compacted"
    check_whole(redis, store, session)


def test_a_restore_that_others_undid_and_did_again_is_told_apart_by_their_number(
    store: Store, redis: redis_py.Redis, session: Session, interrupted: Interrupted
) -> None:
    compact(store, session, 4, 8)

    def again() -> None:
        restore(store, session, budget=AMPLE)
        compactions.request(store, session)
        compact(store, session, 8)

    assert restore(interrupted("restore", again), session, budget=AMPLE, chapters=1).watermark == 0
    check_whole(redis, store, session)


def test_a_restore_that_a_turn_forestalls_is_told_so(
    store: Store, redis: redis_py.Redis, session: Session, interrupted: Interrupted
) -> None:
    compact(store, session, 4)
    before = stored(redis, store, session)
    submit(store, session, Submission(parts=(Text("and now?"),)))
    with pytest.raises(SessionBusy):
        restore(interrupted("restore", lambda: claim(store, session, "t")), session, budget=AMPLE)
    assert stored(redis, store, session) == before


def test_a_session_that_is_deleted_under_a_restore_stays_deleted(
    store: Store, redis: redis_py.Redis, session: Session, interrupted: Interrupted
) -> None:
    compact(store, session, 4)
    with pytest.raises(NotFound):
        restore(interrupted("restore", lambda: sessions.delete(store, session)), session, budget=AMPLE)
    assert list(redis.scan_iter(f"*{session}:*")) == []


def test_a_compaction_in_work_that_was_computed_before_a_restore_is_discarded(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    snapshot = begin(store, session, "c")
    restore(store, session, budget=AMPLE)
    before = stored(redis, store, session)
    assert bring(store, snapshot, 8, again=True) == "discarded"
    assert stored(redis, store, session) == before
    assert not sessions.state(store, session).compaction_due


def test_a_bell_that_was_rung_before_a_restore_does_not_undo_it(store: Store, session: Session) -> None:
    compact(store, session, 4)
    submit(store, session, Submission(parts=(Text("and now?"),)))
    commit(store, claim(store, session, "t"), measured=True, due=True)
    restore(store, session, budget=AMPLE)
    assert not sessions.state(store, session).compaction_due
    assert compactions.begin(store, session, "late") is None

    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "u")
    assert turn.context.restored
    assert turn.context.estimated
    commit(store, turn, due=True)
    assert bring(store, begin(store, session, "in time"), 2) == "applied"
    assert not sessions.read_context(store, session).restored, "a new reason was found to compact it"


def test_what_a_restore_writes_has_its_expiry(store: Store, redis: redis_py.Redis, session: Session) -> None:
    compact(store, session, 4, 16)
    assert not sessions.read_context(store, session).messages
    restore(store, session, budget=AMPLE, chapters=1)
    live, ledger = (
        key for key in keys.of_session(session, store.settings.shards) if key.endswith((":live", ":ledger"))
    )
    assert redis.pttl(live) > 0
    assert redis.pttl(ledger) > 0
    assert turns.renew(store, [(session, "nobody")]) == [False]
