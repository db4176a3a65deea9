"""How many messages a second are accepted, against Flask with one script call and one publish."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import count

from bench.deployed import deployed
from bench.row import Row, median
from bench.wire import Wire

_CLIENTS, _ROUNDS, _SECONDS = 16, 5, 2.0
_BODY = json.dumps({"text": "When does the ferry to Bergen leave, and what does a berth cost?"}).encode()


def measure() -> list[Row]:
    """Measure row 2: both serve in turns, on the same machine, each on a Redis of its own."""
    with deployed("web") as ours, deployed("web", app="bench.ceiling:create_app()") as ceiling:
        names = count()
        rounds = [
            (asyncio.run(_accepted(ours.url, names)), asyncio.run(_accepted(ceiling.url, names)))
            for _ in range(_ROUNDS)
        ]
    accepts, most = median([a for a, _ in rounds]), median([b for _, b in rounds])
    return [
        Row(
            number=2,
            measure=f"POST → 202, {_CLIENTS} clients on the same 2 cores",
            ours=f"{accepts:,.0f} a second",
            against=f"script + publish alone {most:,.0f}",
            value=round(median([a / b for a, b in rounds]) * 100, 1),
            bound=">=",
            goal=70,
            unit="%",
            details={"rounds": [[round(a), round(b)] for a, b in rounds]},
        )
    ]


async def _accepted(url: str, names: Iterator[int]) -> float:
    """Post to a new session each time, as fast as the clients get answers; messages a second."""
    done = 0
    end = time.perf_counter() + _SECONDS

    async def client() -> None:
        nonlocal done
        async with Wire(url) as wire:
            while time.perf_counter() < end:
                status, answer = await wire.post(f"/v1/sessions/accept-{next(names)}/messages", _BODY)
                assert status == 202, answer
                done += 1

    await asyncio.gather(*(client() for _ in range(_CLIENTS)))
    return done / _SECONDS
