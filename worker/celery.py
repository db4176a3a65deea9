"""The Celery app of the workers: `celery -A worker worker -Q replies`, `… -Q compaction`.

A message is a doorbell (backscroll/doorbell.py): acknowledged on arrival, because what lasts is the inbox
in Redis. Threads, because a turn is a wait for a model; nothing is prefetched, so that the length of a
queue is the true backlog and every message goes to a thread that is free. RabbitMQ hands out a message for
each thread beforehand; what waits so behind long turns is found by the sweep, and rung for anew.
"""

from __future__ import annotations

from backscroll.broker import is_amqp
from backscroll.doorbell import celery_app
from worker import controlling, inspecting  # noqa: F401  # Celery's command line knows what is imported with the app
from worker.process import settings

app = celery_app(settings().worker, publishes_only=False)
app.conf.update(
    include=["worker.tasks", "worker.lifecycle", "worker.edge"],
    worker_consumer="worker.consumer:Consumer",
    worker_pool="worker.pool:TaskPool",
    worker_concurrency=settings().worker.worker_threads,
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=not is_amqp(settings().worker.broker_url),  # where Celery knows how
    task_acks_late=False,
    broker_connection_retry_on_startup=True,
    broker_channel_error_retry=True,  # a broker that became a read-only replica would end the worker
    broker_connection_max_retries=None,  # the default gives up after 100: a worker that waits costs nothing
    worker_send_task_events=False,  # they cost 40 % of the throughput; -E turns them on for Flower
    worker_hijack_root_logger=False,
)
