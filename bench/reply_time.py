"""How long a reply takes through everything, against the bare SDK on the same stub."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from google import genai

from bench.deployed import deployed
from bench.row import Row, ms, percentile
from bench.wire import Wire

_PER_SECOND, _SECONDS = 20, 15
_WARM_UP = 40
_TEXT = "When does the ferry to Bergen leave, and what does a berth cost?"


def measure() -> list[Row]:
    """Measure rows 1a and 1b."""
    with deployed("web", "replies", stub=True) as deployment:
        client = genai.Client(api_key="offline", http_options={"base_url": deployment.model_url})
        through, bare = asyncio.run(_in_turns(deployment.url, client))
    rows = []
    for share, goal in ((0.5, 0.010), (0.99, 0.030)):
        ours, limit = percentile(through, share), percentile(bare, share)
        rows.append(
            Row(
                number=1,
                measure=f"reply time p{share * 100:.0f}, {_PER_SECOND} turns a second",
                ours=ms(ours),
                against=f"bare SDK {ms(limit)}",
                value=round((ours - limit) * 1000, 2),
                bound="<=",
                goal=goal * 1000,
                unit="ms more",
            )
        )
    return rows


async def _in_turns(url: str, client: genai.Client) -> tuple[list[float], list[float]]:
    """Take one turn and one bare call in each slot of time, whether those before have ended or not."""
    free: asyncio.Queue[Wire] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        wires = [Wire(url) for _ in range(20)]
        for wire in wires:
            await wire.__aenter__()
            free.put_nowait(wire)
        names = count()

        async def turn() -> float:
            wire = await free.get()
            began = time.perf_counter()
            await wire.say(f"reply-{next(names)}", _TEXT)
            free.put_nowait(wire)
            return time.perf_counter() - began

        async def bare() -> float:
            began = time.perf_counter()
            stream = await client.aio.models.generate_content_stream(model="gemini-3.5-flash", contents=_TEXT)
            async for _ in stream:
                pass
            return time.perf_counter() - began

        tasks: list[tuple[asyncio.Task[float], asyncio.Task[float]]] = []
        slot = 1 / _PER_SECOND
        began = time.perf_counter()
        for number in range(_WARM_UP + _PER_SECOND * _SECONDS):
            await asyncio.sleep(max(0.0, began + number * slot - time.perf_counter()))
            first = group.create_task(turn())
            await asyncio.sleep(slot / 2)
            tasks.append((first, group.create_task(bare())))
    for wire in wires:
        await wire.__aexit__()
    measured = tasks[_WARM_UP:]
    return [first.result() for first, _ in measured], [second.result() for _, second in measured]
