"""A chaos run in numbers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from tests.chaos.faults import Struck
from tests.chaos.recovery import Recovery, Wait, recoveries, usual
from tests.chaos.schedule import Planned
from tests.chaos.told import Breach, Held, Told

# These have a line of their own in the table; the rest are "other".
COUNTED = ("lost", "doubled", "reordered")


class Played(msgspec.Struct, frozen=True):
    """One session: what its client was told, what the server holds, and what is wrong with that."""

    session: str
    told: tuple[Told, ...]
    held: Held
    breaches: tuple[Breach, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a run.

    `texts` is where the messages are from. `failed` counts by the error's code. `taken_up_again` counts
    turns that a second worker had to take up, `stale_writes` what was refused because its worker had lost
    the session, `calls_again` calls that a client had to repeat. `usual_seconds` is the median reply time
    that no fault touched. `logs` is kept where there was a breach.
    """

    seed: int
    seconds: float
    sessions: int
    texts: str
    turns: int
    completed: int
    incomplete: int
    failed: dict[str, int]
    cancelled: int
    taken_up_again: int
    stale_writes: int
    compactions: int
    calls_again: int
    usual_seconds: float | None
    recovery: dict[str, Recovery]
    breaches: tuple[Breach, ...]
    logs: str | None
    schedule: tuple[Planned, ...]


def summarise(
    played: Sequence[Played], struck: Sequence[Struck], breaches: Sequence[Breach], **known: Any
) -> Report:
    """Count what happened.

    Args:
        played: the sessions.
        struck: the faults that were.
        breaches: what is wrong outside of any session.
        known: the fields of the report that the run knows itself.
    """
    told = [each for session in played for each in session.told]
    states = [each.held.state for each in played if each.held.state is not None]
    waits = [Wait(each.posted, each.ended) for each in told if each.ended is not None]
    status = Counter(each.reply.status for each in told)
    codes = (each.reply.error.code if each.reply.error else "unknown" for each in told if _failed(each))
    return Report(
        sessions=len(played),
        turns=len(told),
        completed=status["completed"],
        incomplete=status["incomplete"],
        failed=dict(Counter(codes).most_common()),
        cancelled=status["cancelled"],
        taken_up_again=sum(each.reply.attempts > 1 for each in told),
        stale_writes=sum(state.stale_writes for state in states),
        compactions=sum(state.compactions["done"] for state in states),
        usual_seconds=usual(waits, struck),
        recovery=recoveries(waits, struck),
        breaches=(*breaches, *(breach for each in played for breach in each.breaches)),
        **known,
    )


def _failed(each: Told) -> bool:
    return each.reply.status == "failed"
