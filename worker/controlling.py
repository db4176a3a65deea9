"""What `celery -A worker control …` has a worker do. Nothing of it outlives the process."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.control import control_command

from backscroll import metrics
from worker import process

log = logging.getLogger(__name__)


@control_command()
def pause_compaction(state: Any) -> dict[str, str]:
    """Begin no compaction until `resume_compaction`, or a restart; those in work are finished."""
    process.paused.set()
    metrics.COMPACTION_PAUSED.set(1)
    log.warning("compactions are paused")
    return {"ok": "compactions are paused, until resume_compaction or a restart"}


@control_command()
def resume_compaction(state: Any) -> dict[str, str]:
    """Begin compactions again; the sweep rings for what became due meanwhile."""
    process.paused.clear()
    metrics.COMPACTION_PAUSED.set(0)
    log.warning("compactions go on")
    return {"ok": "compactions go on; what is due is found by the sweep"}


@control_command()
def sweep_now(state: Any) -> dict[str, str]:
    """Look for what is overdue at once; of all workers, the one whose turn it is to sweep does."""
    process.hurry.set()
    return {"ok": "a sweep was ordered"}
