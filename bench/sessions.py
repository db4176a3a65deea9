"""What an idle session holds in Redis, by its length, and what a turn and a compaction cost.

python -m bench.sessions
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import click
import httpx2

from bench.deployed import Deployed, deployed
from bench.texts import say
from bench.wire import Wire

_SIZES = (20, 100, 1_000)
_LETTERS = 300
_TURNS = 200


def main() -> None:
    """Print all of it as JSON."""
    with deployed(stub=True) as ours:
        held = {f"{size} messages": asyncio.run(_held(ours, size)) for size in _SIZES}
        said = {"bytes": held, "a compaction": _compaction(ours), "a turn": asyncio.run(_asked(ours))}
        click.echo(json.dumps(said, indent=1))


async def _held(ours: Deployed, size: int) -> dict[str, int]:
    """Fill a session, and give the bytes of its keys by their kind."""
    sid = f"held-{size}"
    async with Wire(ours.url) as wire:
        for number in range(size // 2):
            await wire.say(sid, say(number, _LETTERS))
    found: Counter[str] = Counter()
    for name in ours.redis.scan_iter(f"bs:*:default/{sid}:*", count=1000):
        kind = name.decode().rpartition("/")[2].split(":")[1]
        found[kind] += ours.redis.memory_usage(name, samples=0) or 0
    return {"all": found.total(), **dict(found.most_common())}


def _compaction(ours: Deployed) -> dict[str, float]:
    """Give what a compaction costs its worker, by those of the sessions that were filled."""
    made = 0
    for size in _SIZES:
        session = httpx2.get(f"{ours.url}/v1/sessions/held-{size}").raise_for_status().json()
        made += session["compactions"]["done"]
    seconds = ours.cpu("compaction-0")
    return {
        "compactions": made,
        "worker's CPU, its start too, seconds": round(seconds, 2),
        "milliseconds": round(seconds / made * 1000, 1),
        "worker's memory": ours.resident("compaction-0"),
    }


async def _asked(ours: Deployed) -> dict[str, object]:
    """Take turns in sessions of ten messages, no two at a time, and give what one costs Redis."""
    async with Wire(ours.url) as wire:
        for number in range(_TURNS):
            for said in range(5):
                await wire.say(f"turn-{number}", say(said, _LETTERS))
        before, calls = _sent(ours), _calls(ours)
        for number in range(_TURNS):
            await wire.say(f"turn-{number}", say(5, _LETTERS))
        after = _sent(ours)
        made = {name: count - calls[name] for name, count in _calls(ours).items()}
    per_turn = {
        name: round(count / _TURNS, 2) for name, count in sorted(made.items()) if count >= _TURNS / 20
    }
    return {
        **{name: round((after[name] - before[name]) / _TURNS, 1) for name in after},
        "commands": per_turn,
    }


def _sent(ours: Deployed) -> dict[str, float]:
    stats, cpu = ours.redis.info("stats"), ours.redis.info("cpu")
    return {
        "commands, those in scripts too": stats["total_commands_processed"],
        "bytes in": stats["total_net_input_bytes"],
        "bytes out": stats["total_net_output_bytes"],
        "microseconds of CPU": (cpu["used_cpu_user"] + cpu["used_cpu_sys"]) * 1e6,
    }


def _calls(ours: Deployed) -> Counter[str]:
    stats = ours.redis.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): each["calls"] for name, each in stats.items()})


if __name__ == "__main__":
    main()
