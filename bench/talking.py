"""Sessions that take turns beside each other, and how long each turn took."""

from __future__ import annotations

import asyncio
import time

from bench.texts import say
from bench.wire import Wire

_LETTERS = 300


def talk(url: str, name: str, sessions: int, start: int, turns: int) -> list[float]:
    """Take turns in all sessions of a set at a time.

    Args:
        url: the deployment's.
        name: the set's; its sessions have it with a number behind.
        sessions: how many.
        start: the number of the first turn, which says what is said in it.
        turns: how many each of them takes, one after the other.

    Returns:
        Seconds until each answer was there.
    """

    async def one(number: int) -> list[float]:
        times = []
        async with Wire(url) as wire:
            for turn in range(start, start + turns):
                began = time.perf_counter()
                await wire.say(f"{name}-{number}", say(turn, _LETTERS))
                times.append(time.perf_counter() - began)
        return times

    async def all_of_them() -> list[list[float]]:
        return await asyncio.gather(*map(one, range(sessions)))

    return [seconds for times in asyncio.run(all_of_them()) for seconds in times]
