"""The two tasks: each opens the door that a bell rang at, and lets plain functions do the work."""

from __future__ import annotations

import logging

from backscroll.doorbell import ANSWER, COMPACT
from backscroll.errors import Sealed, StoreUnavailable
from backscroll.session import Session
from worker import process
from worker.celery import app

log = logging.getLogger(__name__)


@app.task(name=ANSWER)
def answer(tenant: str, session: str) -> None:
    """Answer what waits in a session's inbox."""
    try:
        process.answer(Session(tenant, session))
    except StoreUnavailable as error:
        log.warning("turn left to the sweep: %s", error)
    except Sealed as error:
        log.error("turn put off: %s", error.message)  # noqa: TRY400  (the operator's to mend, not the code's)


@app.task(name=COMPACT)
def compact(tenant: str, session: str) -> None:
    """Compact a session, if that is due."""
    try:
        process.compact(Session(tenant, session))
    except StoreUnavailable as error:
        log.warning("compaction left to the sweep: %s", error)
    except Sealed as error:
        log.error("compaction put off: %s", error.message)  # noqa: TRY400
