"""What a turn costs as its session grows, against its own beginning and against the synchronous skeleton."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from itertools import count

import httpx2
import msgspec

from bench.deployed import Deployed, deployed
from bench.row import Row, median, ms
from bench.stored import stored
from bench.texts import say
from bench.wire import Wire

_SIZES = (0, 100, 1_000, 10_000)
_TURNS = 60
_LETTERS = 300
# What row 6 holds the long session against, in messages.
_SHORT = 10
# Turns from a compaction to the one that makes the next due, and how many times these are measured.
_BETWEEN, _TIMES = 4, 8
# Turns with two compactions, how many times these are measured, and seconds until the last one has ended.
_CYCLE, _CYCLES, _SETTLED = 10, 6, 0.3


class Cost(msgspec.Struct, frozen=True):
    """A turn: milliseconds until its answer, bytes to and from Redis, microseconds of Redis' CPU."""

    time: float
    bytes: float
    cpu: float


def measure(tell: Callable[[str], None] = lambda _: None) -> list[Row]:
    """Measure rows 6, 7 and 8, on one session that grows to 10,000 messages."""
    with (
        deployed(stub=True) as ours,
        deployed("web", stub=True, app="bench.skeleton:create_app()") as skeleton,
    ):
        return asyncio.run(_grow(ours, skeleton, tell))


async def _grow(ours: Deployed, skeleton: Deployed, tell: Callable[[str], None]) -> list[Row]:
    rows: list[Row] = []
    said = 0
    async with Wire(ours.url) as wire:
        for size in _SIZES:
            while said < size // 2:
                await wire.say("grown", say(said, _LETTERS))
                said += 1
                if said % 250 == 0:
                    tell(f"a session of {said * 2:,} messages")
            rows.append(await _against_skeleton(wire, skeleton, size, said))
            said += _TURNS
        texts = (say(said + number, _LETTERS) for number in count())
        between = await _between(ours, wire, texts)
        whole = await _whole(ours, wire, texts)
    growth = [
        *_growth("of a turn", between),
        *_growth("of a turn and its fifth of a compaction", whole),
    ]
    return [*growth, *rows, *stored(ours, "grown")]


async def _brief(ours: Deployed, wire: Wire, name: str) -> Cost:
    """Give the cost of a turn in sessions of a few messages, which are made for it."""
    names = [f"brief-{name}-{number}" for number in range(_BETWEEN)]
    for each in names:
        for number in range(_SHORT // 2):
            await wire.say(each, say(number, _LETTERS))
    return await _cost(ours, wire, [(each, say(_SHORT, _LETTERS)) for each in names])


async def _between(ours: Deployed, wire: Wire, texts: Iterator[str]) -> list[tuple[Cost, Cost]]:
    """Give the cost of a turn of the long session, none of them beside a compaction, beside a short one's."""
    pairs = []
    async with httpx2.AsyncClient(base_url=ours.url) as client:
        for number in range(_TIMES):
            await _compacted(client, wire, texts)
            grown = await _cost(ours, wire, [("grown", next(texts)) for _ in range(_BETWEEN)])
            pairs.append((await _brief(ours, wire, f"between-{number}"), grown))
    return pairs


async def _whole(ours: Deployed, wire: Wire, texts: Iterator[str]) -> list[tuple[Cost, Cost]]:
    """Give the cost of a turn of the long session with its share of the compactions, beside a short one's."""
    pairs = []
    for number in range(_CYCLES):
        turns = [("grown", next(texts)) for _ in range(_CYCLE)]
        grown = await _cost(ours, wire, turns, settled=_SETTLED)
        pairs.append((await _brief(ours, wire, f"whole-{number}"), grown))
    return pairs


async def _compacted(client: httpx2.AsyncClient, wire: Wire, texts: Iterator[str]) -> None:
    """Talk until a compaction was due, and wait until it is done."""
    before = covered = None
    while covered == before:
        await wire.say("grown", next(texts))
        while (found := (await client.get("/v1/sessions/grown")).raise_for_status().json())[
            "compaction"
        ] != "none":
            await asyncio.sleep(0.02)
        before, covered = before or found["watermark"], found["watermark"]


async def _cost(ours: Deployed, wire: Wire, turns: list[tuple[str, str]], *, settled: float = 0.0) -> Cost:
    asked, before = _redis(ours), _redis(ours)  # the question costs, too
    times = [await _timed(wire, sid, text) for sid, text in turns]
    await asyncio.sleep(settled)
    after = _redis(ours)
    moved, busy = (((c - b) - (b - a)) / len(turns) for a, b, c in zip(asked, before, after, strict=True))
    return Cost(round(median(times) * 1000, 2), moved, busy)


def _redis(ours: Deployed) -> tuple[float, float]:
    stats, cpu = ours.redis.info("stats"), ours.redis.info("cpu")
    moved = stats["total_net_input_bytes"] + stats["total_net_output_bytes"]
    return moved, (cpu["used_cpu_user"] + cpu["used_cpu_sys"]) * 1e6


async def _timed(wire: Wire, sid: str, text: str) -> float:
    began = time.perf_counter()
    await wire.say(sid, text)
    return time.perf_counter() - began


def _growth(whose: str, pairs: list[tuple[Cost, Cost]]) -> list[Row]:
    """Give a row for each kind of cost: of all pairs that were measured together, the ratio in the middle."""
    rows = []
    for field, what, unit in (
        ("time", "time", "ms"),
        ("bytes", "bytes to and from Redis", "bytes"),
        ("cpu", "CPU of Redis", "µs"),
    ):
        costs = [(getattr(brief, field), getattr(grown, field)) for brief, grown in pairs]
        brief, grown = (median([each[which] for each in costs]) for which in (0, 1))
        rows.append(
            Row(
                number=6,
                measure=f"{what} {whose} at {_SIZES[-1]:,} messages",
                ours=f"{grown:,.1f} {unit}",
                against=f"at {_SHORT}: {brief:,.1f} {unit}",
                value=round((median([after / before for before, after in costs]) - 1) * 100, 1),
                bound="<=",
                goal=10,
                unit="% more",
                details={"pairs": [[round(each, 1) for each in pair] for pair in costs]},
            )
        )
    return rows


async def _against_skeleton(wire: Wire, skeleton: Deployed, size: int, said: int) -> Row:
    """Take turns with both, one after the other, at this size."""
    name = f"grown-{size}"
    roles = ("user", "model")
    history = [{"role": roles[n % 2], "parts": [{"text": say(n, _LETTERS)}]} for n in range(size)]
    skeleton.redis.set(f"history:{name}", json.dumps(history), ex=3600)
    mine, theirs = [], []
    async with Wire(skeleton.url) as other:
        for number in range(_TURNS):
            text = say(said + number, _LETTERS)
            mine.append(await _timed(wire, "grown", text))
            theirs.append(await _timed(other, name, text))
    return Row(
        number=7,
        measure=f"turn at {size:,} messages, against the synchronous skeleton",
        ours=ms(median(mine)),
        against=f"skeleton {ms(median(theirs))}",
        value=round(median(theirs) / median(mine), 2),
        bound=">=",
        goal=10 if size == _SIZES[-1] else 1 if size else 0,
        unit="times",
    )
