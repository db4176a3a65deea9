"""What a worker process does besides its tasks: it sweeps, tells what it counts, and stops in good order."""

from __future__ import annotations

import gc
import logging
import threading
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down

from backscroll.doorbell import REPLIES
from backscroll.errors import frames
from backscroll.lasting import begun, survived
from worker import metrics, presence, process, sweeping

log = logging.getLogger(__name__)

_HANDING_BACK = 2.0
_NEW_OBJECTS = 20_000


@logging.getLogger("celery.app.trace").addFilter
def _without_words(record: logging.LogRecord) -> bool:
    """Have an unexpected error of a task logged by type and place: its words may quote a message or a key."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args = "unexpected %s\n%s", (type(error).__name__, frames(error))
        record.exc_info = record.exc_text = None
    return True


@worker_init.connect
def _begin(sender: Any, **_: Any) -> None:
    # Not when it is ready: that is when it has a broker, and without one it has all the more to do.
    begun("sweeper", sweeping.sweep_on)
    store = process.store()
    begun("roll", lambda: presence.keep(store, sender, process.stopping))
    metrics.start(process.settings().worker)


@worker_ready.connect
def _start(sender: Any, **_: Any) -> None:
    if REPLIES in sender.app.amqp.queues.consume_from:
        # The model's SDK takes a second of CPU and 50 MB: nobody waits for a summary, but for an answer.
        begun("warm-up", _warm_up)


def _warm_up() -> None:
    """Load what an answer takes, and have the collector of garbage pass it over from here on.

    A turn makes hundreds of objects that live for its time: looked through at Python's own pace they cost a
    twentieth of it, and what was loaded, a tenth of a second each time.
    """
    with survived(log, "model not loaded yet"):  # the first answer loads it, or is the one that fails
        process.model()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    process.stopping.set()
    process.hurry.set()
    grace = process.settings().worker.shutdown_grace
    # A timer in a thread, because this runs in a signal's handler: the worker itself waits for its tasks.
    timer = threading.Timer(grace, process.hand_back)
    timer.daemon = True
    timer.start()


@worker_shutdown.connect
def _end(**_: Any) -> None:
    # Celery waits for its own tasks alone. At the end of the grace all is handed back, which takes a moment.
    seconds = process.settings().worker.shutdown_grace + _HANDING_BACK
    if not (process.turns().wait(seconds) and process.compactions().wait(_HANDING_BACK)):
        log.warning("what was in work without a bell is left to the others")
