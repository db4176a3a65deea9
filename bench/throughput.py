"""Turns a second with a model that takes two seconds: sessions wait for models, and not for each other."""

from __future__ import annotations

import asyncio
import time

import httpx2

from bench.deployed import deployed
from bench.row import Row
from bench.wire import Wire

_MODEL = 2.0
_WARM_UP, _SECONDS = 6.0, 16.0
_TEXT = "When does the ferry to Bergen leave, and what does a berth cost?"


def measure() -> list[Row]:
    """Measure rows 3 and 4."""
    return [_row(3, sessions=200, workers=1, goal=95), _row(4, sessions=1000, workers=2, goal=85)]


def _row(number: int, *, sessions: int, workers: int, goal: float) -> Row:
    threads = str(sessions // workers + 8)
    with deployed(
        "web", "replies", stub=True, reply_workers=workers, BACKSCROLL_WORKER_THREADS=threads
    ) as deployment:
        httpx2.post(f"{deployment.model_url}/_pause", content=str(_MODEL)).raise_for_status()
        began = {name: deployment.cpu(name) for name in deployment.names()}
        rate = asyncio.run(_rate(deployment.url, sessions))
        used = {name: round(deployment.cpu(name) - began[name], 1) for name in deployment.names()}
        memory = {name: round(deployment.resident(name) / 1e6) for name in deployment.names()}
    limit = sessions / _MODEL
    return Row(
        number=number,
        measure=f"turns a second, model of {_MODEL:g} s, {sessions:,} sessions, reply workers: {workers}",
        ours=f"{rate:.1f}",
        against=f"limit {limit:.0f}",
        value=round(rate / limit * 100, 1),
        bound=">=",
        goal=goal,
        unit="%",
        details={"memory_mb": memory, "cpu_seconds": used, "over_seconds": _WARM_UP + _SECONDS},
    )


async def _rate(url: str, sessions: int) -> float:
    """Let each session take turn after turn; turns a second after the warm-up."""
    began = time.perf_counter()
    done = 0

    async def talk(number: int) -> None:
        nonlocal done
        async with Wire(url) as wire:
            await asyncio.sleep(_MODEL * number / sessions)  # as in life: not all at the same moment
            while time.perf_counter() - began < _WARM_UP + _SECONDS:
                await wire.say(f"rate-{number}", _TEXT)
                ended = time.perf_counter() - began
                done += _WARM_UP <= ended < _WARM_UP + _SECONDS

    await asyncio.gather(*(talk(number) for number in range(sessions)))
    return done / _SECONDS
