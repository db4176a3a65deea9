"""How long turns wait in a deployment of a size that no machine here has.

    python -m bench.simulate --sessions 1000000 --turns-per-hour 6 --workers 300
    python -m bench.simulate --compare

The second measures a small deployment and simulates the same messages, so that the first can be believed.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from datetime import datetime

import click
import httpx2

from bench.deployed import deployed
from bench.queueing import Arrival, Deployment, lognormal, poisson, simulate
from bench.row import percentile
from bench.wire import Wire

# Seconds of a core that a turn costs a worker and Redis: docs/scaling.md.
WORKER_COST, REDIS_COST = 0.004, 0.0011

# The run that is measured: messages a second, and a model that takes a second, on 16 threads.
_SESSIONS, _SECONDS, _MODEL, _THREADS = 200, 40.0, 1.0, 16


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--sessions", default=10_000, show_default=True, metavar="N", help="Sessions that are talked in."
)
@click.option("--turns-per-hour", default=6.0, show_default=True, metavar="N", help="Turns of each session.")
@click.option("--workers", default=4, show_default=True, metavar="N", help="Processes that answer.")
@click.option("--threads", default=32, show_default=True, metavar="N", help="BACKSCROLL_WORKER_THREADS.")
@click.option("--redis-nodes", default=1, show_default=True, metavar="N", help="Primaries of the history.")
@click.option("--model-p50", default=3.0, show_default=True, metavar="SECONDS", help="Median of the model.")
@click.option("--model-p99", default=20.0, show_default=True, metavar="SECONDS", help="Its 99th percentile.")
@click.option(
    "--seconds", default=300.0, show_default=True, help="Time to simulate; the first fifth is not counted."
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same figures.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--compare", is_flag=True, help="Measure a small deployment, and simulate the same messages.")
def main(
    sessions: int,
    turns_per_hour: float,
    workers: int,
    threads: int,
    redis_nodes: int,
    model_p50: float,
    model_p99: float,
    seconds: float,
    seed: int,
    as_json: bool,
    compare: bool,
) -> None:
    """Simulate how long turns wait for a thread, by size of the deployment.

    \b
    python -m bench.simulate --sessions 1000000 --workers 350 --redis-nodes 6
    python -m bench.simulate --compare
    """  # noqa: D301  # click wants the character itself
    if compare:
        said: dict[str, object] = {str(rate): _compared(rate, seed) for rate in (8.0, 13.0, 15.0)}
    else:
        rng = random.Random(seed)
        rate = sessions * turns_per_hour / 3600
        arrivals = list(poisson(sessions, rate, seconds, rng))
        made = Deployment(
            workers=workers,
            threads=threads,
            redis_nodes=redis_nodes,
            worker_cost=WORKER_COST,
            redis_cost=REDIS_COST,
        )
        found = simulate(arrivals, lognormal(model_p50, model_p99, rng), made, rng)
        said = {
            "turns_a_second": round(rate, 1),
            **_waits(found.waits[len(found.waits) // 5 :]),
            "threads_busy": round(found.threads_busy, 3),
            "workers_cores_busy": round(found.workers_busy, 3),
            "redis_busy": round(found.redis_busy, 3),
        }
    if as_json:
        click.echo(json.dumps(said))
    else:
        for name, value in said.items():
            click.echo(f"{name:20} {value}")


def _waits(waits: Sequence[float]) -> dict[str, float]:
    return {f"wait_p{share:.0%}"[:-1]: round(percentile(waits, share), 3) for share in (0.5, 0.9, 0.99)}


def _compared(rate: float, seed: int) -> dict[str, dict[str, float]]:
    rng = random.Random(seed)
    arrivals = list(poisson(_SESSIONS, rate, _SECONDS, rng))
    made = Deployment(workers=1, threads=_THREADS, worker_cost=WORKER_COST, redis_cost=REDIS_COST)
    found = simulate(arrivals, lambda: _MODEL, made, rng)
    with deployed("web", "replies", stub=True, BACKSCROLL_WORKER_THREADS=str(_THREADS)) as deployment:
        httpx2.post(f"{deployment.model_url}/_pause", content=str(_MODEL)).raise_for_status()
        measured = asyncio.run(_measured(deployment.url, arrivals))
    return {"measured": _waits(measured), "simulated": _waits(found.waits)}


async def _measured(url: str, arrivals: Sequence[Arrival]) -> list[float]:
    """Post messages when they are to come; seconds from each one's acceptance until it was in work."""
    async with Wire(url) as wire:
        await wire.say("warm-up", "hello")
    began = time.monotonic()

    async def say(arrival: Arrival) -> float:
        await asyncio.sleep(began + arrival.at - time.monotonic())
        async with Wire(url) as wire:
            reply = await wire.say(f"s{arrival.session}", "When does the ferry leave?")
        created, started = (datetime.fromisoformat(reply[key]) for key in ("created_at", "started_at"))
        return (started - created).total_seconds()

    return list(await asyncio.gather(*map(say, arrivals)))


if __name__ == "__main__":
    main()
