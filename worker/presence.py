"""This worker in the roll: for operators, who see who is there, on which queues, and with which version."""

from __future__ import annotations

import logging
import time
from importlib.metadata import version
from threading import Event
from typing import Any

from backscroll.lasting import survived
from backscroll.store import roll
from backscroll.store.redis import Store
from backscroll.store.roll import Signed

log = logging.getLogger(__name__)

_VERSION = version("backscroll")


def keep(store: Store, worker: Any, stopping: Event) -> None:
    """Sign for Celery's `worker` every few seconds, until it stops.

    Without its queues, which it has a moment after it begins, nothing is told yet.
    """
    while not stopping.is_set():
        with survived(log, "not signed"):  # who is not seen any more is taken for lost
            if queues := worker.app.amqp.queues.consume_from:
                told = Signed(version=_VERSION, queues=tuple(sorted(queues)), time=time.time())
                roll.sign(store, worker.hostname, told)
        stopping.wait(roll.EVERY)
    with survived(log, "not struck out"):
        roll.strike(store, worker.hostname)
