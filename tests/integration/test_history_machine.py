"""The history store against a simple model: any order of calls, from anybody, at any moment.

Workers and compactors of this test may be as late as they like: their leases run out in between, and what
they bring then must change nothing. After each step the whole session is compared (design: invariants).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from backscroll.errors import LeaseLost, SessionBusy
from backscroll.ledger.ledger import Ledger, Said
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.store import compactions, events, sessions, turns
from backscroll.store.replies import ReplyError
from backscroll.store.restore import restore
from backscroll.store.turns import Completed, Turn
from tests.integration.acting import bring, merged
from tests.integration.history_clients import SELDOM, HistoryClients
from tests.integration.history_model import Change

T = TypeVar("T")

RUNS = int(os.environ.get("HISTORY_RUNS", "50"))
CEILING = 100_000
KEY = "k1:" + "A" * 43


def _late_or_last(data: st.DataObject, known: Sequence[T]) -> T:
    """Draw the newest one half of the time, and else any: most of those come too late."""
    last = len(known) - 1
    return known[data.draw(st.one_of(st.just(last), st.integers(0, last)))]


class HistoryMachine(HistoryClients):
    """Clients, reply workers and compaction workers, each in time or too late."""

    # What reply workers do, in time or too late

    @precondition(lambda self: self.model.holder is None and not self.model.asleep)
    @rule(data=st.data())
    def a_turn_goes_well(self, data: st.DataObject) -> None:
        if not self.model.inbox:
            self.submit("queue", keyed=False)
        self.claim()
        if self.model.holder:
            self._commit(data, self.turns[-1], go_on=False)

    @rule()
    def claim(self) -> None:
        token = f"t{next(self.tokens)}"
        turn = turns.claim(self.store, self.session, token, ceiling=CEILING)
        self.took(turn, token, self.model.claim(token))

    @precondition(lambda self: self.model.holder)
    @rule()
    def the_claim_of_the_holder_is_replayed(self) -> None:
        token = self.model.holder or ""
        turn = turns.claim(self.store, self.session, token, ceiling=CEILING)
        self.model.apply_offer()  # one that came meanwhile; it touches nothing that the turn will write
        self.took(turn, token, self.model.inbox[0])

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), go_on=st.booleans())
    def commit(self, data: st.DataObject, go_on: bool) -> None:
        self._commit(data, _late_or_last(data, self.turns), go_on=go_on)

    def _commit(self, data: st.DataObject, turn: Turn, *, go_on: bool) -> None:
        # Who commits again brings what it brought before.
        about = (turn.reply_id, turn.token)
        if about not in self.statuses:
            self.statuses[about] = data.draw(st.sampled_from(["completed", "incomplete"]))
        status = self.statuses[about]
        answer = f"answer to {turn.reply_id}"
        completed = Completed(
            parts=(Text(answer),),
            model="m",
            asked="m",
            usage=Usage(prompt_tokens=1),
            tokens=10,
            complete=status == "completed",
            compaction_due=True,
            finished_at=1,
        )
        self.ended(
            turn,
            status,
            lambda: turns.commit(self.store, turn, completed, go_on=go_on, ceiling=CEILING),
            lambda: self.model.commit(turn.token, answer, status, go_on=go_on),
            go_on=go_on,
        )

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), go_on=st.booleans())
    def fail(self, data: st.DataObject, go_on: bool) -> None:
        turn = _late_or_last(data, self.turns)
        error = ReplyError("model_unavailable", "down", retryable=True)
        self.ended(
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
    @rule(data=st.data(), again=st.booleans())
    def tell(self, data: st.DataObject, again: bool) -> None:
        turn = _late_or_last(data, self.turns)
        number = next(self.batches)
        batch = events.pack([(number, [events.delta(f"word {number}.", thought=False)])])
        ours = self.model.holds(turn.token, turn.reply_id)
        for _ in range(1 + again):
            assert events.append(self.store, [(turn, batch)]) == [ours]
        if ours:
            told = events.read(self.store, self.session, turn.reply_id).events
            assert [f"word {number}.".encode() in event.data for event in told].count(True) == 1

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

    @precondition(lambda self: self.exists)
    @rule()
    def request_compaction(self) -> None:
        compactions.request(self.store, self.session)
        in_work = self.model.compaction is not None and not self.model.compaction_may_be_taken
        self.model.request_compaction()
        assert in_work or sessions.state(self.store, self.session).compaction_due

    @precondition(lambda self: self.model.chapters or self.model.offer)
    @rule(chapters=st.sampled_from([None, 1, 2]), sure=SELDOM)
    def restore(self, chapters: int | None, sure: bool) -> None:
        if self.model.holder:
            with pytest.raises(SessionBusy):
                restore(self.store, self.session, budget=CEILING, chapters=chapters)
        elif sure:
            found = restore(self.store, self.session, budget=CEILING, chapters=chapters)
            assert found.chapters == self.model.restore(chapters)
            assert found.watermark == self.model.watermark

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), again=st.booleans())
    def write_back(self, data: st.DataObject, again: bool) -> None:
        snapshot, whole = _late_or_last(data, self.snapshots)
        # Who brings it again brings the same: it may be remembered as what was made.
        if whole.token not in self.brought:
            end = data.draw(st.sampled_from(range(whole.start + 2, whole.end + 1, 2)))
            merge = self._merge(data, len(snapshot.chapters))
            self.brought[whole.token] = Change(whole.token, whole.start, end, merge), again
        change, again = self.brought[whole.token]
        merge, end = change.merge, change.end
        result = bring(
            self.store,
            snapshot,
            change.end,
            again=again,
            merge=merged(snapshot, *merge) if merge else None,
            ledger=Ledger(said=tuple(Said(seq, "user", 1, ()) for seq in range(1, end + 1))),
        )
        assert result == ("discarded" if not self.exists else self.model.write_back(change, again=again))

    def _merge(self, data: st.DataObject, chapters: int) -> tuple[int, int] | None:
        """Draw which of so many chapters become one: the index of the first, and how many."""
        if not chapters or not data.draw(st.booleans()):
            return None
        first = data.draw(st.integers(0, chapters - 1))
        return first, data.draw(st.integers(1, chapters - first))

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
        self.model.end_compaction(change.token)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("encryption_keys", "runs"), [("", RUNS), (KEY, RUNS // 5)], ids=["plain", "sealed"])
def test_any_order_of_calls_leaves_the_history_as_the_model_says(
    redis_server: EmbeddedRedis, encryption_keys: str, runs: int
) -> None:
    surroundings = {"url": redis_server.url, "encryption_keys": encryption_keys}
    machine = type("Machine", (HistoryMachine,), surroundings)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
