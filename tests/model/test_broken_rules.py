"""The model can fail: where a rule of the protocol is left out, it finds what that rule is there for."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import click
import pytest

from tests.model.explore import Violation, explore
from tests.model.invariants import Invariant, answered, at_rest, broken_in
from tests.model.protocol import Protocol, explored
from tests.model.rules import Rules


class Case(NamedTuple):
    """Rules that are left out, and what is found then: the invariant that breaks, and in how many steps."""

    without: tuple[str, ...]
    breaks: Invariant
    steps: int
    workers: int = 1
    compactors: int = 1
    restores: bool = False


CASES = [
    Case(("submit_indexes_due",), Invariant.LOOKED_AT, 2),
    Case(("release_minds_the_inbox",), Invariant.LOOKED_AT, 4),
    Case(("sweep_puts_off",), Invariant.LOOKED_AT, 3),
    Case(("index_outlives_its_sessions",), Invariant.LOOKED_AT, 3),
    Case(("sweep_rings",), Invariant.ANSWERED, 2, compactors=0),
    Case(("lock_expires",), Invariant.ANSWERED, 3, compactors=0),
    Case(("claim_leaves_a_held_lock",), Invariant.HELD, 3, workers=2),
    Case(("attempts_are_bounded",), Invariant.ATTEMPTS, 6, workers=2),
    Case(("poisoned_turn_gets_its_end",), Invariant.INBOX, 6, workers=2),
    Case(("poisoned_turn_is_nobodys",), Invariant.BELIEVED, 7, workers=2),
    Case(("commit_checks_token",), Invariant.STALE, 4),
    Case(("fail_checks_token",), Invariant.STALE, 4),
    Case(("snooze_checks_token",), Invariant.STALE, 4),
    Case(("commit_knows_its_own", "commit_checks_head", "commit_checks_last"), Invariant.ONCE, 5),
    Case(("cancel_takes_the_lock", "commit_checks_head"), Invariant.ENDED, 4),
    Case(("offer_is_taken_away",), Invariant.TAKEN, 7),
    Case(("release_applies_the_offer",), Invariant.TAKEN, 7),
    Case(("begin_compaction_leaves_a_holders_offer",), Invariant.HOLDER, 7),
    Case(("write_back_offers_to_a_holder",), Invariant.HOLDER, 6),
    Case(("write_back_checks_token",), Invariant.DUE, 9, compactors=2),
    Case(("write_back_checks_token", "changes_check_watermark"), Invariant.ONCE, 7, compactors=2),
    Case(
        ("write_back_knows_its_own", "write_back_checks_token", "changes_check_watermark"), Invariant.ONCE, 6
    ),
    Case(("commit_indexes_compactions",), Invariant.DUE, 3),
    Case(("refusal_is_indexed",), Invariant.DUE, 5),
    Case(("restore_leaves_a_held_session",), Invariant.HOLDER, 8, restores=True),
]

# Each of these stands in front of another guard that is enough by itself, as the cases above show of them
# together: the next one that is left out may be the last. With how many compaction workers it is looked at.
SPARE = {
    "commit_checks_head": 0,
    "commit_checks_last": 0,
    "commit_knows_its_own": 0,
    "cancel_takes_the_lock": 0,
    "changes_check_watermark": 1,
    "write_back_knows_its_own": 1,
}


def without(names: tuple[str, ...]) -> Rules:
    return Rules(**dict.fromkeys(names, False))


def check(rules: Rules, workers: int, compactors: int) -> None:
    """Explore a session under `rules`; raises Violation for what is found wrong."""
    found = explored(rules, workers=workers, compactors=compactors)
    found.check_leads_to(answered, Invariant.ANSWERED)
    if compactors:  # without one, a compaction that is due is never done with
        found.check_leads_to(at_rest, Invariant.REST)


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case.without))
def test_without_a_rule_of_the_protocol_something_breaks(case: Case) -> None:
    rules = replace(without(case.without), restores=case.restores)
    with pytest.raises(Violation) as caught:
        check(rules, case.workers, case.compactors)
    click.echo(f"\nwithout {', '.join(case.without)}: {caught.value}")
    assert (caught.value.rule, len(caught.value.path)) == (case.breaks, case.steps)


@pytest.mark.parametrize("name", SPARE)
def test_without_a_guard_that_stands_before_another_nothing_breaks_yet(name: str) -> None:
    check(without((name,)), workers=1, compactors=SPARE[name])


def test_an_offer_that_is_applied_twice_covers_its_range_twice() -> None:
    rules = without(("offer_is_taken_away", "changes_check_watermark"))
    protocol = Protocol(rules, messages=2, workers=1, compactors=1)
    with pytest.raises(Violation) as caught:
        explore(protocol.start, protocol.steps, broken_in=lambda state: broken_in(state.store))
    click.echo(f"\nan offer that is applied twice: {caught.value}")
    assert caught.value.rule == Invariant.ONCE
