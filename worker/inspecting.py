"""`celery -A worker inspect …`: `backscroll` tells what a worker has done, `sessions` what it holds."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from typing import Any

from celery.worker.control import inspect_command

from backscroll.session import Session
from worker import process
from worker.measured import measured


@inspect_command()
def backscroll(state: Any) -> dict[str, Any]:
    """Version, queues and clock of each worker, and what it has counted since its start."""
    return {
        "version": version("backscroll"),
        "pid": os.getpid(),
        "queues": sorted(queue.name for queue in state.consumer.task_consumer.queues),
        "time": time.time(),
        "compaction": "paused" if process.paused.is_set() else "running",
        **measured(),
    }


@inspect_command()
def sessions(state: Any) -> dict[str, Any]:
    """Turns and compactions that each worker has in work, and for how many seconds.

    Tenants and sessions are told by their names: who may ask this can read the broker, whose bells carry
    them, and wants to find the session that somebody complains of. Nothing that was said is among it.
    """
    now = time.time()
    turns = [
        {
            **_named(lease.session),
            "reply": turn.reply_id,
            "attempt": turn.attempt,
            "seconds": round(now - lease.since, 1),
        }
        for lease in process.leases().held()
        if (turn := lease.turn) is not None
    ]
    compactions = [
        {**_named(session), "seconds": round(now - since, 1)}
        for session, since in process.compacted.copy().items()
    ]
    return {"turns": turns, "compactions": compactions}


def _named(session: Session) -> dict[str, str]:
    return {"tenant": session.tenant, "session": session.id}
