"""What `celery -A worker inspect backscroll` tells of a worker."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from typing import Any

from celery.worker.control import inspect_command


@inspect_command()
def backscroll(state: Any) -> dict[str, Any]:
    """Which version this worker runs, on which queues, and what its clock says."""
    return {
        "version": version("backscroll"),
        "pid": os.getpid(),
        "queues": sorted(queue.name for queue in state.consumer.task_consumer.queues),
        "time": time.time(),
    }
