"""Turns under the session lock: what a holder may do, and what one that is late may not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_py

from backscroll.errors import InboxFull, InvalidRequest, LeaseLost, NotFound, SessionBusy
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import keys, replies, sessions, submissions, turns
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.submissions import OnBusy, Submission, Submitted
from backscroll.store.sweep import sweep
from tests.integration.acting import claim, commit, texts

Submit = Callable[..., Submitted]
ERROR = ReplyError("model_unavailable", "down", retryable=True)


@pytest.fixture
def submit(store: Store, session: Session) -> Submit:
    """Accept a message."""

    def post(text: str = "hello", on_busy: OnBusy = "queue", key: str | None = None) -> Submitted:
        submission = Submission(parts=(Text(text),), on_busy=on_busy, idempotency_key=key)
        return submissions.submit(store, session, submission)

    return post


def let_the_lease_run_out(store: Store, redis: redis_py.Redis, session: Session) -> None:
    found = keys.of_session(session, store.settings.shards)
    redis.delete(next(key for key in found if key.endswith(":lock")))


def test_f22_what_a_late_holder_writes_is_refused_and_counted(
    store: Store, redis: redis_py.Redis, session: Session, submit: Submit
) -> None:
    # Elsewhere a lock ran out in a long run, and its owner freed somebody else's.
    submit()
    late = claim(store, session, "late")
    let_the_lease_run_out(store, redis, session)
    current = claim(store, session, "current")
    for number, ending in enumerate(
        (
            lambda: commit(store, late, "too late"),
            lambda: turns.fail(store, late, ERROR, go_on=False, ceiling=1000),
            lambda: turns.snooze(store, late, 60),
        )
    ):
        with pytest.raises(LeaseLost):
            ending()
        assert sessions.state(store, session).stale_writes == min(number + 1, 2)
    assert turns.renew(store, [(session, "late"), (session, "current")]) == [False, True]
    commit(store, current, "in time")
    assert texts(store, session) == ["hello", "in time"]


def test_a_commit_that_is_replayed_writes_once_and_tells_the_same(
    store: Store, session: Session, submit: Submit
) -> None:
    first, second = submit("one"), submit("two")
    turn = claim(store, session, "t")
    told = [commit(store, turn, "answer one", go_on=True) for _ in range(3)]
    assert {ended.next_turn.reply_id for ended in told if ended.next_turn} == {second.reply_id}
    assert replies.read(store, session, second.reply_id).attempts == 1
    assert replies.read(store, session, first.reply_id).status == "completed"
    assert texts(store, session) == ["one", "answer one"]


def test_a_busy_session_is_left_to_its_holder(store: Store, session: Session, submit: Submit) -> None:
    assert submit("one").ring
    holder = claim(store, session, "a")
    assert not submit("two").ring, "the holder will see it when it commits"
    assert turns.claim(store, session, "b", ceiling=1000) is None
    ended = commit(store, holder, go_on=True)
    assert ended.next_turn is not None
    assert ended.next_turn.context.last == 2


def test_a_holder_that_does_not_go_on_has_the_next_turn_rung_for(
    store: Store, session: Session, submit: Submit
) -> None:
    submit("one")
    submit("two")
    ended = commit(store, claim(store, session, "a"), go_on=False)
    assert ended.ring
    assert claim(store, session, "b").request == (Text("two"),)


def test_a_bell_is_rung_once_within_its_grace(store: Store, session: Session, submit: Submit) -> None:
    assert [submit(text).ring for text in ("one", "two", "three")] == [True, False, False]


def test_a_long_pause_keeps_the_place_and_spends_no_attempt(
    store: Store, session: Session, submit: Submit
) -> None:
    first = submit("one")
    submit("two")
    turn = claim(store, session, "a")
    assert not turn.put_off
    turns.snooze(store, turn, 600)
    waiting = replies.read(store, session, first.reply_id)
    assert (waiting.status, waiting.attempts, waiting.position) == ("queued", 0, 0)
    assert turns.claim(store, session, "b", ceiling=1000) is None, "the pause is not over"


def test_a_turn_that_was_put_off_is_known_by_it(store: Store, session: Session, submit: Submit) -> None:
    # How long a turn has waited for a worker would otherwise count the model's pause.
    submit("one")
    turns.snooze(store, claim(store, session, "a"), 0)
    assert claim(store, session, "b").put_off


def test_a_turn_that_loses_every_worker_fails_and_the_next_one_begins(
    store: Store, redis: redis_py.Redis, session: Session, submit: Submit
) -> None:
    poison, wholesome = submit("poison"), submit("wholesome")
    for attempt in range(store.settings.max_attempts):
        late = claim(store, session, f"t{attempt}")
        assert late.reply_id == poison.reply_id
        let_the_lease_run_out(store, redis, session)
    assert claim(store, session, "last").reply_id == wholesome.reply_id
    failed = replies.read(store, session, poison.reply_id)
    assert failed.error is not None
    assert (failed.status, failed.error.code) == ("failed", "worker_lost")
    with pytest.raises(LeaseLost):
        turns.fail(store, late, ERROR, go_on=False, ceiling=1000)


def test_a_cancelled_turn_frees_the_session_at_once(store: Store, session: Session, submit: Submit) -> None:
    first = submit("one")
    submit("two")
    turn = claim(store, session, "a")
    assert replies.cancel(store, session, first.reply_id), "somebody has to see to the next one"
    assert not replies.cancel(store, session, first.reply_id)
    with pytest.raises(LeaseLost):
        commit(store, turn)
    assert claim(store, session, "b").request == (Text("two"),)


def test_f26_ten_posts_with_one_key_at_once_are_one_message(
    store: Store, session: Session, submit: Submit
) -> None:
    # Elsewhere a retried POST added the message twice.
    with ThreadPoolExecutor(10) as pool:
        accepted = list(pool.map(lambda _: submit("hello", key="k"), range(10)))
    assert len({each.reply_id for each in accepted}) == 1
    assert [each.new for each in accepted].count(True) == 1
    assert len(sessions.state(store, session).pending) == 1
    with pytest.raises(InvalidRequest, match="another message"):
        submit("goodbye", key="k")


def test_an_idempotency_key_ends_with_its_session(store: Store, session: Session, submit: Submit) -> None:
    first = submit("hello", key="k")
    sessions.delete(store, session)
    second = submit("something else", key="k")
    assert second.new
    assert second.reply_id != first.reply_id
    with pytest.raises(NotFound):
        replies.read(store, session, first.reply_id)


def test_f37_waiting_messages_merge_into_the_next_turn(
    store: Store, session: Session, submit: Submit
) -> None:
    # Elsewhere a burst of messages cost one model call each.
    submit("one")
    turn = claim(store, session, "a")
    waiting = submit("two", "merge")
    merged = [submit(text, "merge", key=text) for text in ("three", "four")]
    assert {each.reply_id for each in merged} == {waiting.reply_id}
    assert submit("three", "merge", key="three").reply_id == waiting.reply_id
    following = commit(store, turn, go_on=True).next_turn
    assert following is not None
    assert following.request == (Text("two"), Text("three"), Text("four"))
    assert submit("five", "merge").reply_id != waiting.reply_id, "a turn in work takes nothing in any more"


def test_a_message_for_another_model_is_not_merged(store: Store, session: Session, submit: Submit) -> None:
    waiting = submit("one")
    other = submissions.submit(
        store, session, Submission(parts=(Text("two"),), on_busy="merge", model="another-model")
    )
    assert other.reply_id != waiting.reply_id


def test_what_does_not_fit_is_turned_away_and_leaves_no_trace(
    store: Store, session: Session, submit: Submit
) -> None:
    for number in range(store.settings.inbox_limit):
        submit(f"message {number}")
    with pytest.raises(InboxFull):
        submit("one too many")
    with pytest.raises(SessionBusy):
        submit("only if nobody waits", "reject")
    assert len(sessions.state(store, session).pending) == store.settings.inbox_limit


def test_one_process_sweeps_at_a_time_and_another_takes_over(own_store: Store, session: Session) -> None:
    store, redis = own_store, own_store.client  # the workers of other tests sweep the shared one
    submissions.submit(store, session, Submission(parts=(Text("hello"),)))
    due, _ = keys.of_shard(session.shard(store.settings.shards))
    redis.zadd(due, {str(session): 1})
    assert sweep(store, "one", interval=60) is not None
    assert sweep(store, "two", interval=60) is None
    redis.delete(keys.SWEEPER)  # the first one died, and its claim ran out
    redis.zadd(due, {str(session): 1})
    found = sweep(store, "two", interval=60)
    assert found is not None
    assert session in found.turns
    again = sweep(store, "two", interval=60)
    assert again is not None
    assert session not in again.turns, "a bell that was just rung is given its grace"


def test_a_session_shows_its_newest_replies_ended_or_not(store: Store, session: Session) -> None:
    said = [submissions.submit(store, session, Submission(parts=(Text(str(n)),))).reply_id for n in range(23)]
    merged = submissions.submit(store, session, Submission(parts=(Text("more"),), on_busy="merge"))
    assert merged.reply_id == said[-1]
    replies.cancel(store, session, said[-1])
    found = sessions.state(store, session).replies
    assert [each.id for each in found] == said[:-21:-1]
    assert [each.status for each in found] == ["cancelled"] + ["queued"] * 19
    assert [each.finished_at is not None for each in found] == [True] + [False] * 19
    assert all(each.created_at for each in found)
