"""This worker in the roll: for operators, who see who is there, on which queues, and with which version."""

from __future__ import annotations

import logging
import time
from importlib.metadata import version
from threading import Event
from typing import Any

from backscroll.errors import StoreUnavailable, frames
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
        if queues := worker.app.amqp.queues.consume_from:
            told = Signed(version=_VERSION, queues=tuple(sorted(queues)), time=time.time())
            try:
                roll.sign(store, worker.hostname, told)
            except StoreUnavailable as error:
                log.debug("not signed: %s", error)
            except Exception as error:  # noqa: BLE001  # who is not seen any more is taken for lost
                log.error("not signed: unexpected %s\n%s", type(error).__name__, frames(error))  # noqa: TRY400
        stopping.wait(roll.EVERY)
    try:
        roll.strike(store, worker.hostname)
    except StoreUnavailable as error:
        log.debug("not struck out: %s", error)
