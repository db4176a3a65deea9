"""How long each kind of fault was felt. Pure.

A fault touches every wait for a reply that goes on while it does harm: at the moment when it strikes, where
it only takes away what was in work there; until what it met is up again, where all wait for that
(`LASTING`). Its recovery time is the longest wait that it touched, counted from the fault (or from the
post, where that came later) to the end of the reply, less the median reply time of waits that no fault
touched.

Faults overlap, and the truth lies between two figures. `p50` and `worst` are of waits that no other fault
touched: too low where faults are dense, since the longer a wait, the likelier it meets a second one.
`worst_with_others` is of all waits that the fault touched: too high. With one kind of fault, and time
between two of them, the figures are the same. A fault under which nobody waited is not measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

import msgspec

from tests.chaos.faults import Struck
from tests.chaos.schedule import Kind

LASTING: frozenset[Kind] = frozenset(
    {"pause_reply", "kill_web", "restart_history", "pause_broker", "model", "model_pause"}
)


class Wait(msgspec.Struct, frozen=True):
    """A client's wait for a reply: from its first try to post until it knew the end. Monotonic seconds."""

    begun: float
    ended: float


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """The faults of one kind, how many of them were measured alone, and recovery times in seconds."""

    faults: int
    alone: int
    p50: float | None
    worst: float | None
    worst_with_others: float | None


def usual(waits: Sequence[Wait], faults: Sequence[Struck]) -> float | None:
    """Give the median wait that no fault touched."""
    calm = [wait.ended - wait.begun for wait in waits if not any(_touches(each, wait) for each in faults)]
    return round(median(calm), 3) if calm else None


def recoveries(waits: Sequence[Wait], faults: Sequence[Struck]) -> dict[str, Recovery]:
    """Give the recovery by kind of fault, in the alphabet's order."""
    less = usual(waits, faults) or 0.0
    touched = [[wait for wait in waits if _touches(each, wait)] for each in faults]
    times = Counter(wait for found in touched for wait in found)
    alone: dict[Kind, list[float]] = {each.kind: [] for each in faults}
    together: dict[Kind, list[float]] = {each.kind: [] for each in faults}
    for each, found in zip(faults, touched, strict=True):
        if found:
            together[each.kind].append(_longest(each, found, less))
        if only := [wait for wait in found if times[wait] == 1]:
            alone[each.kind].append(_longest(each, only, less))
    return {
        kind: Recovery(
            faults=sum(each.kind == kind for each in faults),
            alone=len(alone[kind]),
            p50=round(median(alone[kind]), 2) if alone[kind] else None,
            worst=max(alone[kind], default=None),
            worst_with_others=max(together[kind], default=None),
        )
        for kind in sorted(alone)
    }


def _touches(fault: Struck, wait: Wait) -> bool:
    over = fault.over if fault.kind in LASTING else fault.begun
    return wait.begun <= over and wait.ended >= fault.begun


def _longest(fault: Struck, waits: Sequence[Wait], less: float) -> float:
    longest = max(wait.ended - max(wait.begun, fault.begun) for wait in waits)
    return round(max(0.0, longest - less), 2)
