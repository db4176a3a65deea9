"""The lock, the offers and the doorbells, in every state that they can get into."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import click
import pytest

from tests.model.explore import Explored
from tests.model.invariants import Invariant, answered, at_rest, forgotten_compaction
from tests.model.protocol import explored
from tests.model.rules import Rules
from tests.model.state import NOBODY, ORPHAN, State
from tests.model.turn_scripts import due

AS_IT_IS = Rules()


@cache
def session(workers: int, compactors: int) -> Explored[State]:
    """Explore a session of two messages, once for all tests that look at it; with two compactions, it is
    restored at any moment, too.
    """
    rules = Rules(restores=compactors > 1)
    found = explored(rules, workers=workers, compactors=compactors)
    click.echo(
        f"\n{workers} workers, {compactors} compaction workers: "
        f"{len(found.states)} states, {found.transitions} transitions"
    )
    return found


sessions = pytest.mark.parametrize(
    ("workers", "compactors", "states"),
    [
        pytest.param(2, 1, 80_000, id="two workers"),
        pytest.param(1, 2, 70_000, id="two compactions"),
    ],
)


@sessions
def test_no_rule_is_broken_whatever_happens_and_whenever(workers: int, compactors: int, states: int) -> None:
    assert len(session(workers, compactors).states) > states


@sessions
def test_every_accepted_message_ends_once_nothing_more_goes_wrong(
    workers: int, compactors: int, states: int
) -> None:
    session(workers, compactors).check_leads_to(answered, Invariant.ANSWERED)


@sessions
def test_a_session_comes_to_rest_once_nothing_more_goes_wrong(
    workers: int, compactors: int, states: int
) -> None:
    session(workers, compactors).check_leads_to(at_rest, Invariant.REST)


HAPPENS: dict[str, Callable[[State], bool]] = {
    "both messages are answered": lambda state: state.store.last == 3,
    "a turn loses as many workers as it may": lambda state: state.store.replies[0].attempts == 2,
    "a message fails and the next one is answered": lambda state: (
        [reply.status for reply in state.store.replies] == ["failed", "incomplete"]
    ),
    "a dead worker's lease is not over": lambda state: state.store.lock == ORPHAN,
    "a worker is late": lambda state: (
        state.workers[0].phase == "working" and state.store.lock == NOBODY and state.store.inbox != ()
    ),
    "a model asked for a pause": lambda state: state.store.asleep,
    "an offer waits": lambda state: state.store.offer is not None,
    "an offer waits behind a dead worker": lambda state: (
        state.store.offer is not None and state.store.lock == ORPHAN
    ),
    "an offer waits and nobody holds the lock": lambda state: (
        state.store.offer is not None and state.store.lock == NOBODY
    ),
    "two changes are made": lambda state: len(state.store.chapters) == 2,
    "a compaction is behind": lambda state: any(
        compactor.turns and compactor.start < state.store.watermark for compactor in state.compactors
    ),
}


@pytest.mark.parametrize("what", HAPPENS)
def test_what_the_rules_are_there_for_does_happen(what: str) -> None:
    assert session(2, 1).nearest(HAPPENS[what]) is not None


def test_two_workers_can_be_about_the_same_turn() -> None:
    both = session(2, 1).nearest(lambda state: all(worker.phase == "working" for worker in state.workers))
    assert both is not None
    assert "the lease runs out" in both


def test_two_compactions_can_be_about_the_same_range() -> None:
    def both(state: State) -> bool:
        first, second = state.compactors
        return first.phase == second.phase == "summarising" and first.turns == second.turns != ()

    assert session(1, 2).nearest(both) is not None


def test_a_copy_of_a_claim_that_comes_late_breaks_no_rule() -> None:
    found = explored(Rules(copies_come_in_time=False), workers=1, compactors=1)
    found.check_leads_to(answered, Invariant.ANSWERED)
    found.check_leads_to(at_rest, Invariant.REST)


def test_a_compaction_that_comes_due_behind_another_one_is_left_to_the_next_turn() -> None:
    found = explored(AS_IT_IS, workers=1, compactors=1)
    assert found.nearest(lambda state: forgotten_compaction(state.store)) is not None


def test_none_would_be_left_if_a_commit_noted_that_one_came_due() -> None:
    found = explored(Rules(next_turn_tells=False), workers=1, compactors=1)
    assert found.nearest(lambda state: forgotten_compaction(state.store)) is None
    found.check_leads_to(lambda state: at_rest(state) and not due(state.store), Invariant.REST)


def test_a_restore_can_outrun_a_compaction() -> None:
    outrun = session(1, 2).nearest(
        lambda state: any(each.turns and each.start > state.store.watermark for each in state.compactors)
    )
    assert outrun is not None, "a compaction is in work that was computed before the restore"
    assert outrun[-1] == "restore"
