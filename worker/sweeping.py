"""The sweeper: a thread of each worker, of which one at a time sees to what nobody has looked at in time."""

from __future__ import annotations

import logging
from secrets import token_hex

from backscroll import metrics
from backscroll.doorbell import COMPACTION, REPLIES, Doorbell
from backscroll.lasting import survived
from backscroll.store.sweep import sweep
from worker import process

log = logging.getLogger(__name__)


def sweep_on() -> None:
    """Look for what is overdue, as long as the worker runs, and call somebody to it."""
    name, interval, bell = token_hex(8), process.settings().worker.sweep_interval, process.bell()
    while True:
        process.hurry.wait(interval)
        process.hurry.clear()
        if process.stopping.is_set():
            return
        with survived(log, "not swept"):
            _sweep(name, interval, bell)


def _sweep(name: str, interval: float, bell: Doorbell) -> None:
    overdue = sweep(process.store(), name, interval=interval)
    if overdue is None:
        return
    metrics.SWEEPS.inc()
    metrics.SWEPT.labels(REPLIES).inc(len(overdue.turns))
    metrics.SWEPT.labels(COMPACTION).inc(len(overdue.compactions))
    # Without a broker, this worker does it itself; what finds no room is found again after a grace.
    for session in overdue.turns:
        if not bell.ring(session) and process.turns().begin(session, process.answer):
            metrics.INLINE_TURNS.inc()
    for session in overdue.compactions:
        if not bell.ring_compaction(session):
            process.compactions().begin(session, process.compact)
