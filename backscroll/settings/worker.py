"""Settings of the worker processes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from backscroll.settings.kinds import YEAR, Count, Group, Seconds


class WorkerSettings(Group, frozen=True, kw_only=True):
    """What the worker processes do at a time."""

    broker_url: Annotated[
        str, Meta(description="Celery's broker, a Redis, Sentinels or RabbitMQ; default: REDIS_URL")
    ] = ""
    worker_threads: Annotated[
        Count, Meta(description="turns or compactions that one worker process has in work at a time")
    ] = 32
    shutdown_grace: Annotated[
        float,
        Meta(
            ge=0,
            le=YEAR,
            description="seconds that turns in work have after SIGTERM; then they are handed back",
        ),
    ] = 20.0
    sweep_interval: Annotated[Seconds, Meta(description="seconds between two looks at what is overdue")] = 1.0
    metrics_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65_535,
            description="port on which a worker serves `/metrics`; 0: none; "
            "each worker of a machine needs its own",
        ),
    ] = 0
    metrics_host: Annotated[
        str,
        Meta(
            min_length=1,
            description="address for METRICS_PORT; whoever reaches it reads totals without a key",
        ),
    ] = "127.0.0.1"
