"""The model can fail: where one rule of the protocol is left out, it finds what that rule is there for."""

from __future__ import annotations

from typing import NamedTuple

import click
import pytest

from tests.model.explore import Violation
from tests.model.invariants import Invariant, answered, at_rest
from tests.model.protocol import explored
from tests.model.rules import Rules


class Case(NamedTuple):
    """Rules that are left out, and what is found then: the invariant that breaks, and in how many steps."""

    without: tuple[str, ...]
    breaks: Invariant
    steps: int
    workers: int = 1
    compactors: int = 1


CASES = [
    Case(("submit_indexes_due",), Invariant.LOOKED_AT, 2),
]


def check(without: tuple[str, ...], workers: int, compactors: int) -> None:
    """Explore a session that follows all rules but these; raises Violation for what is found wrong."""
    rules = Rules(**dict.fromkeys(without, False))
    found = explored(rules, workers=workers, compactors=compactors)
    found.check_leads_to(answered, Invariant.ANSWERED)
    if compactors:
        found.check_leads_to(at_rest, Invariant.REST)


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case.without))
def test_without_a_rule_of_the_protocol_something_breaks(case: Case) -> None:
    with pytest.raises(Violation) as caught:
        check(case.without, case.workers, case.compactors)
    click.echo(f"\nwithout {', '.join(case.without)}: {caught.value}")
    assert (caught.value.rule, len(caught.value.path)) == (case.breaks, case.steps)
