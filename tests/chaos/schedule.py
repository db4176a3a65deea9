"""The schedule: which fault comes when. Pure, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any, Literal, get_args

import msgspec

from tests.chaos.size import COMPACTION_WORKERS, LEASE, REPLY_WORKERS, WEBS

Kind = Literal[
    "kill_reply",  # kill -9 a reply worker
    "pause_reply",  # SIGSTOP a reply worker for longer than its lease, then SIGCONT
    "stop_reply",  # SIGTERM a reply worker, as a rolling restart does
    "kill_compaction",  # kill -9 a compaction worker
    "kill_web",  # kill -9 a web process
    "restart_history",  # kill -9 the history's Redis: its append-only file brings it back
    "flush_broker",  # FLUSHDB: all bells are lost
    "pause_broker",  # SIGSTOP the broker for two seconds
    "model",  # the model fails a few times
    "model_pause",  # the model asks for a pause that is too long to be waited out
]

KINDS: tuple[Kind, ...] = get_args(Kind)

# Each round deals every kind, in an order of its own; the commoner ones twice and more.
ROUND: tuple[Kind, ...] = (
    *("kill_reply", "kill_reply", "pause_reply", "stop_reply", "kill_compaction", "kill_web"),
    *("restart_history", "flush_broker", "pause_broker", "model", "model", "model", "model_pause"),
)

_FIRST = 3.0  # some calm in the beginning, so that there are undisturbed replies to compare with
EVERY = 2.75

_PLACES: dict[Kind, int] = {
    "kill_reply": REPLY_WORKERS,
    "pause_reply": REPLY_WORKERS,
    "stop_reply": REPLY_WORKERS,
    "kill_compaction": COMPACTION_WORKERS,
    "kill_web": WEBS,
}
_SECONDS: dict[Kind, tuple[float, float]] = {
    "kill_reply": (0.0, 2.0),
    "pause_reply": (1.2 * LEASE, 2.0 * LEASE),
    "stop_reply": (0.0, 1.0),
    "kill_compaction": (0.0, 3.0),
    "kill_web": (0.0, 2.0),
    "restart_history": (0.0, 1.5),
    "pause_broker": (2.0, 2.0),
}


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One fault to come.

    `at` is seconds from the start. `target` says which of its kind is met. `seconds` is how long it stays
    paused, or away before it is started again. `order` is what the offline model is told.
    """

    at: float
    kind: Kind
    target: int = 0
    seconds: float = 0.0
    order: dict[str, Any] = {}


def plan(
    seed: int, seconds: float, kinds: Collection[Kind] = KINDS, every: float = EVERY
) -> tuple[Planned, ...]:
    """Give the faults of a run: the same for the same arguments. More seconds only add to the end.

    Args:
        seed: decides everything.
        seconds: how long faults come.
        kinds: which ones may come.
        every: seconds between two of them, in the mean.
    """
    rng = Random(seed)
    round_of = [kind for kind in ROUND if kind in kinds]
    planned: list[Planned] = []
    dealt: list[Kind] = []
    at = _FIRST
    while at < seconds:
        dealt = dealt or rng.sample(round_of, len(round_of))
        planned.append(_fault(rng, round(at, 3), dealt.pop()))
        at += every * rng.uniform(0.55, 1.45)
    return tuple(planned)


def _fault(rng: Random, at: float, kind: Kind) -> Planned:
    return Planned(
        at=at,
        kind=kind,
        target=rng.randrange(_PLACES.get(kind, 1)),
        seconds=round(rng.uniform(*_SECONDS.get(kind, (0.0, 0.0))), 3),
        order=_order(rng, kind),
    )


def _order(rng: Random, kind: Kind) -> dict[str, Any]:
    if kind == "model_pause":
        return {"kind": "429", "retry_delay": 10.5, "target": "reply", "count": rng.randint(1, 3)}
    if kind != "model":
        return {}
    order: dict[str, Any] = {
        "target": rng.choice(("reply", "reply", "summary")),
        "count": rng.randint(1, 6),
    }
    how: dict[str, Any] = rng.choice(
        (
            {"kind": "503"},
            {"kind": "500"},
            {"kind": "429", "retry_delay": round(rng.uniform(0.2, 2.0), 1)},
            {"kind": "cut_stream"},
            {"kind": "end_early"},
            {"kind": "stall", "seconds": round(rng.uniform(2.0, 5.0), 1)},
            {"kind": "delay", "seconds": round(rng.uniform(1.0, 5.0), 1)},
            {"kind": "empty"},
            {"kind": "malformed"},
            {"kind": "max_tokens"},
            {"kind": "blocked"},
        )
    )
    return how | order
