"""Where a turn's cost goes: CPU of each process, and what Redis does for it.

    python -m bench.costs [--messages N] [--turns N] [--sessions N] [--pause SECONDS]

docs/performance.md is written from it. It prints the processes' ids first, for a profiler: `py-spy record
--gil --pid PID`.
"""

from __future__ import annotations

import click
import httpx2

from bench.deployed import Deployed, deployed
from bench.row import median, ms, percentile
from bench.talking import talk


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--messages", default=10, show_default=True, help="How many a session has before.")
@click.option("--turns", default=500, show_default=True, help="How many are measured, together.")
@click.option("--sessions", default=1, show_default=True, help="How many take turns at a time.")
@click.option("--pause", default=0.0, show_default=True, help="Seconds that the model takes to answer.")
def main(messages: int, turns: int, sessions: int, pause: float) -> None:
    """Print what a turn costs, with a model that costs next to nothing."""
    threads = str(max(16, sessions + 8))
    with deployed(stub=True, BACKSCROLL_WORKER_THREADS=threads) as deployment:
        for name, pid in deployment.supervisor.pids().items():
            click.echo(f"{name} {pid}")
        talk(deployment.url, "costs", sessions, 0, messages // 2 + 5)
        httpx2.post(f"{deployment.model_url}/_pause", content=str(pause)).raise_for_status()
        deployment.redis.config_resetstat()
        began = {name: deployment.cpu(name) for name in deployment.names()}
        each = max(1, turns // sessions)
        times = talk(deployment.url, "costs", sessions, messages // 2 + 5, each)
        used = {name: (deployment.cpu(name) - began[name]) / len(times) for name in began}
        _tell(deployment, times, used)


def _tell(deployment: Deployed, times: list[float], used: dict[str, float]) -> None:
    click.echo(f"turn p50 {ms(median(times))}, p90 {ms(percentile(times, 0.9))}; CPU a turn:")
    for name, seconds in used.items():
        click.echo(f"  {name:<14} {seconds * 1000:.2f} ms")
    stats, done = deployment.redis.info("stats"), deployment.redis.info("commandstats")
    moved = stats["total_net_input_bytes"], stats["total_net_output_bytes"]
    calls = sum(each["calls"] for each in done.values()) / len(times)
    click.echo(f"Redis, a turn: {calls:.0f} commands, {moved[0] / len(times):,.0f} bytes to it, ", nl=False)
    click.echo(f"{moved[1] / len(times):,.0f} from it")
    for name, each in sorted(done.items(), key=lambda item: -item[1]["usec"])[:25]:
        command = name.removeprefix("cmdstat_")
        click.echo(f"  {command:<14} {each['calls'] / len(times):6.2f} {each['usec'] / len(times):7.1f} µs")


if __name__ == "__main__":
    main()
