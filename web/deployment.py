"""The deployment as an operator's page shows it: what waits, who works, what it has cost.

It is for every tenant's key, so it counts and names no session. Where a part cannot be read, it is null: in
an outage the rest is worth seeing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response

from backscroll.errors import StoreUnavailable
from backscroll.store import meter, roll, work
from backscroll.store.meter import Meter
from backscroll.store.roll import Present
from backscroll.store.work import Work
from web import rendering
from web.backend import Backend

Read = TypeVar("Read")


def routes(backend: Backend) -> Blueprint:
    """Give the route for the deployment."""
    blueprint = Blueprint("deployment", __name__)

    @blueprint.get("/deployment")
    def get() -> Response:
        began = time.perf_counter()
        waiting = _served(lambda: work.read(backend.store))
        read = time.perf_counter()
        totals = _served(lambda: meter.read(backend.store)) if waiting else None
        workers = _served(lambda: roll.read(backend.store)) if waiting else None
        asked = time.perf_counter()
        rings = backend.bell.waiting()
        down = ["store"] * (waiting is None) + ["broker"] * (rings is None)
        response = rendering.json(
            {
                "at": rendering.time(int(time.time() * 1000)),
                "down": down,
                "milliseconds": {
                    "store": _milliseconds(began, read) if waiting else None,
                    "broker": _milliseconds(asked, time.perf_counter()) if rings is not None else None,
                },
                "work": _work(waiting) if waiting else None,
                "queues": rings,
                "workers": [_worker(each) for each in workers] if workers is not None else None,
                "totals": _totals(totals) if totals else None,
            }
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    return blueprint


def _served(read: Callable[[], Read]) -> Read | None:
    try:
        return read()
    except StoreUnavailable:
        return None


def _milliseconds(began: float, ended: float) -> float:
    return round((ended - began) * 1000, 1)


def _work(found: Work) -> dict[str, Any]:
    return {
        "sessions": found.sessions,
        "locked": found.locked,
        "replies": found.replies,
        "oldest_reply": found.oldest_reply,
        "compactions": found.compactions,
        "lag": found.lag,
    }


def _worker(found: Present) -> dict[str, Any]:
    return {
        "name": found.name,
        "version": found.signed.version,
        "queues": found.signed.queues,
        "clock": rendering.time(int(found.signed.time * 1000)),
        "seen": rendering.time(found.at),
    }


def _totals(found: Meter) -> dict[str, Any]:
    mean = round(found.tokens / found.turns) if found.turns else None
    return {
        "turns": found.turns,
        "tokens_per_turn": mean,
        "compactions": found.compactions,
        "refused": found.refused,
        "discarded": found.discarded,
        "summary_calls": found.summary_calls,
        "summary_input_tokens": found.summary_input_tokens,
        "summary_output_tokens": found.summary_output_tokens,
        "tokens_saved": found.tokens_saved,
    }
