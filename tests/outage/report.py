"""A run in numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles

import msgspec

from tests.chaos.told import Breach, Told
from tests.outage.outages import Outage


class Felt(msgspec.Struct, frozen=True, kw_only=True):
    """How an outage of a kind was felt: seconds that turns took longer than in the time before any.

    `asked` turns were posted while it lasted, `degraded` of them answered without history. `caught` were
    accepted before it and had no answer yet: those wait for what is away. Without any, no figure.
    """

    seconds: float
    asked: int
    degraded: int
    p50: float | None
    p99: float | None
    caught: int
    caught_p50: float | None
    caught_p99: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What happened.

    Of `answered` turns, `degraded` ones were answered without their history; `spooled` is how many of these
    were recorded, `merged` how many of them are in the transcripts, marked. The others were accepted all the
    same by a store that hung, and answered by a worker before the merge: `answered_by_worker`.
    `ended_by_themselves` names processes that did, and were started anew.
    `unavailable` counts the documented 503s, after which clients made the call again. `quiet_p50` and
    `quiet_p99` are seconds from post to answer before the first outage, without each client's first turn.
    """

    clients: int
    requests: int
    unavailable: int
    answered: int
    failed: int
    degraded: int
    spooled: int
    merged: int
    answered_by_worker: int
    ended_by_themselves: tuple[str, ...]
    quiet_p50: float | None
    quiet_p99: float | None
    outages: dict[str, Felt]
    breaches: tuple[Breach, ...]
    logs: str | None


def felt(
    told: Sequence[Told], outages: Sequence[Outage]
) -> tuple[float | None, float | None, dict[str, Felt]]:
    """Give the seconds that turns take in quiet, p50 and p99, and how each kind of outage was felt."""
    ended = [each for each in told if each.ended is not None]
    first = min((outage.begun for outage in outages), default=float("inf"))
    # The first turn of each client finds a deployment that still loads what it needs.
    quiet = _percentiles([took(each) for each in ended if each.step > 1 and (each.ended or 0) < first])
    return *quiet, {
        kind: _felt(ended, [outage for outage in outages if outage.kind == kind], quiet)
        for kind in dict.fromkeys(outage.kind for outage in outages)
    }


def took(told: Told) -> float:
    """Give the seconds from a message's post to its answer."""
    assert told.ended is not None
    return told.ended - told.posted


def _felt(told: Sequence[Told], outages: Sequence[Outage], quiet: tuple[float | None, float | None]) -> Felt:
    asked = [each for each in told if any(one.begun <= each.posted < one.over for one in outages)]
    caught = [each for each in told if any(each.posted < one.begun < (each.ended or 0) for one in outages)]
    p50, p99 = _added(asked, quiet)
    caught_p50, caught_p99 = _added(caught, quiet)
    return Felt(
        seconds=round(sum(outage.over - outage.begun for outage in outages), 1),
        asked=len(asked),
        degraded=sum(getattr(each.reply, "degraded", False) for each in asked),
        p50=p50,
        p99=p99,
        caught=len(caught),
        caught_p50=caught_p50,
        caught_p99=caught_p99,
    )


def _added(
    told: Sequence[Told], quiet: tuple[float | None, float | None]
) -> tuple[float | None, float | None]:
    found = _percentiles([took(each) for each in told])
    p50, p99 = (
        round(now - before, 3) if now is not None and before is not None else None
        for now, before in zip(found, quiet, strict=True)
    )
    return p50, p99


def _percentiles(seconds: Sequence[float]) -> tuple[float | None, float | None]:
    if not seconds:
        return None, None
    if len(seconds) == 1:
        return seconds[0], seconds[0]
    cuts = quantiles(seconds, n=100, method="inclusive")
    return round(cuts[49], 3), round(cuts[98], 3)
