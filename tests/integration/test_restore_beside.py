"""Restoring beside others: turns in work, changes that wait, compactions, and who restores at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis as redis_py

from backscroll.errors import NotFound, SessionBusy
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, sessions
from backscroll.store.redis import Store
from backscroll.store.replies import cancel
from backscroll.store.restore import restore
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, claim, commit
from tests.integration.restoring import AMPLE, check_whole, compact, stored

Interrupted = Callable[[str, Callable[[], object]], Store]

pytestmark = pytest.mark.usefixtures("eight_turns")


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
