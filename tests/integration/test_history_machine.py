"""The history store against a simple model: any order of calls, from anybody, at any moment.

Workers and compactors of this test may be as late as they like: their leases run out in between, and what
they bring then must change nothing. After each step the whole session is compared (design: invariants).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeVar

import pytest
import redis as redis_py
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backscroll.errors import BusyError, LeaseLost, NotFound
from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Usage
from backscroll.messages.part import Text, spoken
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import compactions, keys, replies, sessions, turns
from backscroll.store.compactions import Snapshot
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError, Submission
from backscroll.store.turns import Completed, Ended, Turn
from tests.integration.history_model import INBOX_LIMIT, MAX_ATTEMPTS, Change, History

T = TypeVar("T")

RUNS = int(os.environ.get("BACKSCROLL_TEST_RUNS", "1000"))
CEILING = 100_000
_names = count()
# In the order of keys.of_session.
_KEYS = "meta live chapters ledger archive inbox lock offer replies due compactions".split()  # noqa: SIM905


# Ends a story that other rules could go on with: drawn, and then mostly left.
_SELDOM = st.sampled_from([False] * 5 + [True])


def _late_or_last(data: st.DataObject, known: Sequence[T]) -> T:
    """Draw the newest one half of the time, and else any: most of those come too late."""
    last = len(known) - 1
    return known[data.draw(st.one_of(st.just(last), st.integers(0, last)))]


class HistoryMachine(RuleBasedStateMachine):
    """One session, whoever works on it."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(
            StoreSettings(redis_url=self.url, max_attempts=MAX_ATTEMPTS, inbox_limit=INBOX_LIMIT, shards=4)
        )
        self.redis = redis_py.Redis.from_url(self.url)
        self.session = Session("machine", f"s{os.getpid()}-{next(_names)}")
        self.names = dict(zip(_KEYS, keys.of_session(self.session, 4), strict=True))
        self.model = History()
        self.exists = False
        self.said = count()
        self.tokens = count()
        self.turns: list[Turn] = []
        self.snapshots: list[tuple[Snapshot, Change]] = []
        self.keyed: list[tuple[str, Submission, str]] = []

    @initialize()
    def begin(self) -> None:
        self.submit("queue", keyed=False)

    # What clients do

    @rule(on_busy=st.sampled_from(["queue", "queue", "reject", "merge"]), keyed=st.booleans())
    def submit(self, on_busy: Any, keyed: bool) -> None:
        text = f"said {next(self.said)}"
        key = text if keyed else None
        submission = Submission(parts=(Text(text),), on_busy=on_busy, idempotency_key=key)
        try:
            accepted = replies.submit(self.store, self.session, submission)
        except BusyError:
            assert self.model.submit("none", text, on_busy) is None
            return
        assert accepted.new
        assert accepted.reply_id == self.model.submit(accepted.reply_id, text, on_busy)
        self.exists = True
        if keyed:
            self.keyed.append((text, submission, accepted.reply_id))

    @precondition(lambda self: self.keyed)
    @rule(data=st.data())
    def submit_again_with_the_same_key(self, data: st.DataObject) -> None:
        _, submission, reply_id = data.draw(st.sampled_from(self.keyed))
        accepted = replies.submit(self.store, self.session, submission)
        assert (accepted.reply_id, accepted.new) == (reply_id, False)

    @precondition(lambda self: self.model.inbox or self.model.ended)
    @rule(data=st.data(), sure=_SELDOM)
    def cancel(self, data: st.DataObject, sure: bool) -> None:
        if not sure:
            return
        known = [waiting.reply_id for waiting in self.model.inbox] + sorted(self.model.ended)
        reply_id = data.draw(st.sampled_from(known))
        replies.cancel(self.store, self.session, reply_id)
        self.model.cancel(reply_id)

    @precondition(lambda self: self.exists)
    @rule(expired=st.booleans(), sure=_SELDOM)
    def end_the_session(self, expired: bool, sure: bool) -> None:
        if not sure:
            return
        if expired:
            for key in self.redis.scan_iter(f"*{self.session}:*"):
                if ":idem:" not in key.decode():  # lives its own day
                    self.redis.delete(key)
        else:
            sessions.delete(self.store, self.session)
        self.model, self.exists, self.keyed = History(), False, []

    # What reply workers do, in time or too late

    @precondition(lambda self: self.model.holder is None and not self.model.asleep)
    @rule()
    def a_turn_goes_well(self) -> None:
        if not self.model.inbox:
            self.submit("queue", keyed=False)
        self.claim()
        if self.model.holder:
            self._commit(self.turns[-1], go_on=False)

    @rule()
    def claim(self) -> None:
        token = f"t{next(self.tokens)}"
        turn = turns.claim(self.store, self.session, token, ceiling=CEILING)
        self._took(turn, token, self.model.claim(token))

    @precondition(lambda self: self.model.holder)
    @rule()
    def the_claim_of_the_holder_is_replayed(self) -> None:
        token = self.model.holder or ""
        turn = turns.claim(self.store, self.session, token, ceiling=CEILING)
        self.model.apply_offer()  # one that came meanwhile; it touches nothing that the turn will write
        self._took(turn, token, self.model.inbox[0])

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), go_on=st.booleans())
    def commit(self, data: st.DataObject, go_on: bool) -> None:
        self._commit(_late_or_last(data, self.turns), go_on=go_on)

    def _commit(self, turn: Turn, *, go_on: bool) -> None:
        answer = f"answer to {turn.reply_id}"
        completed = Completed(
            parts=(Text(answer),),
            model="m",
            usage=Usage(prompt_tokens=1),
            tokens=10,
            complete=True,
            compaction_due=True,
            finished_at=1,
        )
        self._ended(
            turn,
            "completed",
            lambda: turns.commit(self.store, turn, completed, go_on=go_on, ceiling=CEILING),
            lambda: self.model.commit(turn.token, answer, go_on=go_on),
            go_on=go_on,
        )

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), go_on=st.booleans())
    def fail(self, data: st.DataObject, go_on: bool) -> None:
        turn = _late_or_last(data, self.turns)
        error = ReplyError("model_unavailable", "down", retryable=True)
        self._ended(
            turn,
            "failed",
            lambda: turns.fail(self.store, turn, error, go_on=go_on, ceiling=CEILING),
            lambda: self.model.fail(turn.token, go_on=go_on),
            go_on=go_on,
        )

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), long=st.booleans())
    def snooze(self, data: st.DataObject, long: bool) -> None:
        turn = _late_or_last(data, self.turns)
        if self.model.holds(turn.token, turn.reply_id):
            turns.snooze(self.store, turn, 600 if long else 0)
            self.model.snooze(long=long)
        else:
            with pytest.raises(LeaseLost):
                turns.snooze(self.store, turn, 600)

    @precondition(lambda self: self.turns)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        turn = _late_or_last(data, self.turns)
        assert turns.renew(self.store, [(self.session, turn.token)]) == [self.model.holder == turn.token]

    @precondition(lambda self: self.model.holder)
    @rule()
    def the_lease_runs_out(self) -> None:
        self.redis.delete(self.names["lock"])
        self.model.holder = None

    @precondition(lambda self: self.model.asleep)
    @rule()
    def the_pause_is_over(self) -> None:
        self.redis.hset(self.names["meta"], "asleep_until", 0)
        self.model.asleep = False

    # What compaction workers do, in time or too late

    @precondition(lambda self: self.model.live())
    @rule()
    def begin_compaction(self) -> None:
        token = f"c{next(self.tokens)}"
        snapshot = compactions.begin(self.store, self.session, token)
        assert (snapshot is not None) == self.model.begin_compaction(token)
        if snapshot is not None:
            assert [m.text for m in snapshot.messages] == ["".join(texts) for _, texts in self.model.live()]
            assert snapshot.watermark == self.model.watermark
            start = snapshot.watermark
            self.snapshots.append((snapshot, Change(token, start, start + len(snapshot.messages))))

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), again=st.booleans())
    def write_back(self, data: st.DataObject, again: bool) -> None:
        snapshot, whole = _late_or_last(data, self.snapshots)
        end = data.draw(st.sampled_from(range(whole.start + 2, whole.end + 1, 2)))
        change = Change(whole.token, whole.start, end)
        chapter = Chapter(
            first=change.start + 1,
            last=change.end,
            text="a summary",
            model="m",
            prompt="1",
            ts=1,
            tokens_before=9,
            tokens_after=2,
        )
        result = compactions.write_back(self.store, snapshot, chapter, saved=7, again=again)
        assert result == ("discarded" if not self.exists else self.model.write_back(change))

    @precondition(lambda self: self.model.compaction)
    @rule()
    def the_compaction_lease_runs_out(self) -> None:
        self.redis.hset(self.names["meta"], "compaction_until", 0)
        self.model.compaction_may_be_taken = True

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), refused=st.booleans())
    def end_compaction(self, data: st.DataObject, refused: bool) -> None:
        snapshot, change = _late_or_last(data, self.snapshots)
        if refused:
            compactions.refuse(self.store, snapshot, "empty", 1.0)
        else:
            compactions.give_back(self.store, snapshot)
        if self.model.compaction == change.token:
            self.model.compaction = None

    # What must hold after every step

    @invariant()
    def the_whole_session_is_as_the_model_says(self) -> None:
        if not self.exists:
            with pytest.raises(NotFound):
                sessions.state(self.store, self.session)
            return
        state = sessions.state(self.store, self.session)
        page = sessions.transcript(self.store, self.session, limit=1000)
        assert [m.seq for m in page.messages] == list(range(1, len(self.model.transcript) + 1))
        assert [(m.role, tuple(spoken([p]) for p in m.parts)) for m in page.messages] == self.model.transcript
        assert state.messages == len(self.model.transcript)
        assert state.watermark == self.model.watermark
        assert [(chapter.first, chapter.last) for chapter in state.chapters] == self.model.chapters
        assert list(state.pending) == [waiting.reply_id for waiting in self.model.inbox]
        assert (self.redis.get(self.names["lock"]) or b"").decode() == (self.model.holder or "")
        assert bool(self.redis.exists(self.names["offer"])) == (self.model.offer is not None)

    @invariant()
    def every_reply_is_as_the_model_says(self) -> None:
        for waiting in self.model.inbox:
            reply = replies.read(self.store, self.session, waiting.reply_id)
            assert (reply.status, reply.attempts) == (
                "in_progress" if waiting.token else "queued",
                waiting.attempts,
            )
        for reply_id, (status, _) in list(self.model.ended.items())[-3:]:
            assert replies.read(self.store, self.session, reply_id).status == status

    @invariant()
    def what_waits_will_be_looked_at(self) -> None:
        """No doorbell is needed: the sweep knows every session with work, and every compaction in work."""
        if self.model.inbox:
            assert self.redis.zscore(self.names["due"], str(self.session)) is not None
        if self.model.compaction:
            assert self.redis.zscore(self.names["compactions"], str(self.session)) is not None

    def teardown(self) -> None:
        found = list(self.redis.scan_iter(f"*{self.session}:*"))
        eternal = [key for key in found if self.redis.pttl(key) == -1]
        if found:
            self.redis.delete(*found)
        self.store.close()
        self.redis.close()
        assert not eternal, f"keys without an expiry: {eternal}"

    def _took(self, turn: Turn | None, token: str, waiting: Any) -> None:
        assert (turn is not None) == (waiting is not None)
        if turn is None:
            return
        assert (turn.reply_id, turn.token) == (waiting.reply_id, token)
        assert [spoken([part]) for part in turn.request] == waiting.texts
        assert [message.text for message in turn.context.messages] == [
            "".join(texts) for _, texts in self.model.live()
        ]
        assert turn.context.last == len(self.model.transcript)
        if turn not in self.turns:
            self.turns.append(turn)

    def _ended(self, turn: Turn, status: str, real: Any, modelled: Any, *, go_on: bool) -> None:
        if self.model.ended.get(turn.reply_id) == (status, turn.token):
            # A replay: nothing is written again, and the next turn of the same holder is told again.
            ended: Ended = real()
            if ended.next_turn is not None:
                assert go_on
                assert ended.next_turn.reply_id == self.model.inbox[0].reply_id
            elif self.model.holder == turn.token:
                self.model._hand_over(turn.token, go_on=go_on)
            return
        if not self.model.holds(turn.token, turn.reply_id):
            with pytest.raises(LeaseLost):
                real()
            return
        ended = real()
        self._took(ended.next_turn, turn.token, modelled())


@pytest.mark.timeout(600)
def test_any_order_of_calls_leaves_the_history_as_the_model_says(redis_server: EmbeddedRedis) -> None:
    machine = type("Machine", (HistoryMachine,), {"url": redis_server.url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
