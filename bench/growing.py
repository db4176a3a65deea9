"""What a turn costs as its session grows, against its own beginning and against the synchronous skeleton."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import msgspec

from bench.deployed import Deployed, deployed
from bench.row import Row, median, ms
from bench.stored import stored
from bench.texts import say
from bench.wire import Wire

_SIZES = (0, 100, 1_000, 10_000)
_TURNS = 30
_LETTERS = 300
# What row 6 holds the long session against, in messages, and how many such sessions are measured.
_SHORT, _SESSIONS = 10, 30


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
        brief = await _brief(ours, wire)
        for size in _SIZES:
            while said < size // 2:
                await wire.say("grown", say(said, _LETTERS))
                said += 1
                if said % 250 == 0:
                    tell(f"a session of {said * 2:,} messages")
            rows.append(await _against_skeleton(wire, skeleton, size, said))
            said += _TURNS
        texts = (say(said + number, _LETTERS) for number in range(_TURNS))
        grown = await _cost(ours, wire, [("grown", text) for text in texts])
    return [*_growth(brief, grown), *rows, *stored(ours, "grown")]


async def _brief(ours: Deployed, wire: Wire) -> Cost:
    """Give the cost of a turn in a session of a few messages."""
    names = [f"brief-{number}" for number in range(_SESSIONS)]
    for name in names:
        for number in range(_SHORT // 2):
            await wire.say(name, say(number, _LETTERS))
    return await _cost(ours, wire, [(name, say(_SHORT, _LETTERS)) for name in names])


async def _cost(ours: Deployed, wire: Wire, turns: list[tuple[str, str]]) -> Cost:
    before = _redis(ours)
    times = [await _timed(wire, sid, text) for sid, text in turns]
    after = _redis(ours)
    moved, busy = (round(b - a) / len(turns) for a, b in zip(before, after, strict=True))
    return Cost(round(median(times) * 1000, 2), moved, busy)


def _redis(ours: Deployed) -> tuple[float, float]:
    stats, cpu = ours.redis.info("stats"), ours.redis.info("cpu")
    moved = stats["total_net_input_bytes"] + stats["total_net_output_bytes"]
    return moved, (cpu["used_cpu_user"] + cpu["used_cpu_sys"]) * 1e6


async def _timed(wire: Wire, sid: str, text: str) -> float:
    began = time.perf_counter()
    await wire.say(sid, text)
    return time.perf_counter() - began


def _growth(brief: Cost, grown: Cost) -> list[Row]:
    return [
        Row(
            number=6,
            measure=f"{what} of a turn at {_SIZES[-1]:,} messages",
            ours=f"{getattr(grown, field):,.1f} {unit}",
            against=f"at {_SHORT}: {getattr(brief, field):,.1f} {unit}",
            value=round((getattr(grown, field) / getattr(brief, field) - 1) * 100, 1),
            bound="<=",
            goal=10,
            unit="% more",
        )
        for field, what, unit in (
            ("time", "time", "ms"),
            ("bytes", "bytes to and from Redis", "bytes"),
            ("cpu", "CPU of Redis", "µs"),
        )
    ]


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
