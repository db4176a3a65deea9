"""What a worker process does besides its tasks: it sweeps, keeps its threads fed, and stops in good order."""

from __future__ import annotations

import logging
import threading
from secrets import token_hex
from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from kombu.asynchronous import get_event_loop

from backscroll.errors import StoreUnavailable
from backscroll.store.sweep import sweep
from worker import process

log = logging.getLogger(__name__)

# Nothing wakes the event loop when a thread comes free, and a bell would wait for the next one to ring.
_WAKE_SECONDS = 0.05


@worker_ready.connect
def _start(**_: Any) -> None:
    loop = get_event_loop()
    if loop is not None:
        loop.call_repeatedly(_WAKE_SECONDS, lambda: None)
    threading.Thread(target=_sweep, name="sweeper", daemon=True).start()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    process.stopping.set()


def _sweep() -> None:
    """Look for what is overdue, as long as the worker runs, and ring for it."""
    name, interval, bell = token_hex(8), process.settings().worker.sweep_interval, process.bell()
    while not process.stopping.wait(interval):
        try:
            overdue = sweep(process.store(), name, interval=interval)
        except StoreUnavailable as error:
            log.warning("not swept: %s", error)
            continue
        for session in overdue.turns if overdue else ():
            bell.ring(session)
        for session in overdue.compactions if overdue else ():
            bell.ring_compaction(session)
