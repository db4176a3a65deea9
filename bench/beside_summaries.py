"""How long a reply takes while a summary of its session is in work, against when none is."""

from __future__ import annotations

import asyncio
import time

import httpx2

from bench.deployed import Deployed, deployed
from bench.row import Row, median, ms
from bench.texts import say
from bench.wire import Wire

_SUMMARY = 10.0
_ROUNDS, _SESSIONS, _TURNS, _SPOKEN = 4, 4, 6, 6


def measure() -> list[Row]:
    """Measure row 5: the same sessions with a summary in work and without, in turns."""
    with deployed(BACKSCROLL_TRIGGER_TURNS="0", BACKSCROLL_CONTEXT_TOKENS="39000") as deployment:
        asyncio.run(_speak(deployment, 0, _SPOKEN))
        deployment.fault(kind="delay", seconds=_SUMMARY, target="summary", count=0)
        pairs, said = [], _SPOKEN
        for _ in range(_ROUNDS):
            without = asyncio.run(_speak(deployment, said, _TURNS))
            asyncio.run(_summarise(deployment))
            beside = asyncio.run(_speak(deployment, said + _TURNS, _TURNS))
            assert _in_work(deployment) == _SESSIONS, "the summaries were over before the turns"
            pairs.append((median(without), median(beside)))
            said += 2 * _TURNS
            while _in_work(deployment):
                time.sleep(0.2)
    without, beside = median([a for a, _ in pairs]), median([b for _, b in pairs])
    return [
        Row(
            number=5,
            measure=f"reply time with a summary of {_SUMMARY:g} s in work",
            ours=ms(beside),
            against=f"without {ms(without)}",
            value=round((median([b / a for a, b in pairs]) - 1) * 100, 1),
            bound="<=",
            goal=2,
            unit="% more",
            details={"pairs_ms": [[round(a * 1000, 1), round(b * 1000, 1)] for a, b in pairs]},
        )
    ]


async def _speak(deployment: Deployed, start: int, turns: int) -> list[float]:
    async def one(number: int) -> list[float]:
        times = []
        async with Wire(deployment.url) as wire:
            for turn in range(start, start + turns):
                began = time.perf_counter()
                await wire.say(f"beside-{number}", say(turn, 300))
                times.append(time.perf_counter() - began)
        return times

    return [seconds for times in await asyncio.gather(*map(one, range(_SESSIONS))) for seconds in times]


async def _summarise(deployment: Deployed) -> None:
    for number in range(_SESSIONS):
        path = f"{deployment.url}/v1/sessions/beside-{number}/compact"
        httpx2.post(path, json={"keep": 2}).raise_for_status()
    while _in_work(deployment) < _SESSIONS:
        await asyncio.sleep(0.05)


def _in_work(deployment: Deployed) -> int:
    states = (
        httpx2.get(f"{deployment.url}/v1/sessions/beside-{number}").json()["compaction"]
        for number in range(_SESSIONS)
    )
    return sum(state != "none" for state in states)
