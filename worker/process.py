"""What one worker process is made of. Made on first use, so that nothing is shared across a fork."""

from __future__ import annotations

import os
import threading
from functools import cache

from backscroll.answering.answering import Answering
from backscroll.answering.lease import Leases
from backscroll.compaction.compact import Compacting
from backscroll.doorbell import Doorbell
from backscroll.errors import HandedBack, InvalidSetting
from backscroll.model.gemini import Gemini
from backscroll.settings import Settings, load
from backscroll.store.redis import Store

# Set when the worker begins to shut down: a turn in work ends, a next one is left to the others.
stopping = threading.Event()


@cache
def settings() -> Settings:
    """Read the settings of this process, once.

    Raises:
        SystemExit: for one that cannot be used; the message names it.
    """
    try:
        return load(os.environ)
    except InvalidSetting as error:
        raise SystemExit(f"backscroll: {error}") from None


@cache
def bell() -> Doorbell:
    """Give the doorbell of this process."""
    from worker.celery import app

    return Doorbell(app)


@cache
def store() -> Store:
    """Give the store of this process."""
    return Store(settings().store)


@cache
def _model() -> Gemini:
    return Gemini(settings().model)


@cache
def answering() -> Answering:
    """Give what it takes to answer."""
    return Answering(
        store=store(),
        model=_model(),
        settings=settings(),
        leases=Leases(store()),
        ring=bell().ring,
        ring_compaction=bell().ring_compaction,
    )


def hand_back() -> None:
    """Drop every turn and every summary in work, for others to take up at once."""
    for lease in answering().leases.held():
        lease.stop(HandedBack())
    compacting().stop.stop(HandedBack())


@cache
def compacting() -> Compacting:
    """Give what it takes to compact."""
    return Compacting(store=store(), model=_model(), settings=settings())
