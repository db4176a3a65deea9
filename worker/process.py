"""What one worker process is made of. Made on first use, so that nothing is shared across a fork."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar

from backscroll.answering.answering import Answering
from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.compaction.compact import Compacting
from backscroll.compaction.measuring import Windows
from backscroll.doorbell import Doorbell
from backscroll.errors import HandedBack, InvalidSetting
from backscroll.model.port import Model
from backscroll.settings import Settings, load
from backscroll.store.redis import Store

T = TypeVar("T")


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """Make a thing when it is first asked for, and once only, also where threads race for it.

    Two sets of leases, say, would leave one of them out when the process has to hand its turns back.
    """
    lock, made = threading.Lock(), cache(make)

    @wraps(make)
    def get() -> T:
        with lock:
            return made()

    return get


# Set when the worker begins to shut down: a turn in work ends, a next one is left to the others.
stopping = threading.Event()


@_once
def settings() -> Settings:
    """Read the settings of this process, once.

    Raises:
        SystemExit: for one that cannot be used; the message names it.
    """
    try:
        return load(os.environ)
    except InvalidSetting as error:
        raise SystemExit(f"backscroll: {error}") from None


@_once
def bell() -> Doorbell:
    """Give the doorbell of this process."""
    from worker.celery import app

    return Doorbell(app)


@_once
def store() -> Store:
    """Give the store of this process."""
    return Store(settings().store)


@_once
def model() -> Model:
    """Give the model of this process, ready for its first call.

    Its SDK takes half a second to load, which a worker that starts need not wait for.
    """
    from backscroll.model.gemini import Gemini

    made = Gemini(settings().model)
    made.connect()
    return made


@_once
def windows() -> Windows:
    """Give the window by which this process compacts."""
    return Windows(store(), settings().budget)


@_once
def answering() -> Answering:
    """Give what it takes to answer."""
    return Answering(
        store=store(),
        model=model(),
        settings=settings(),
        windows=windows(),
        leases=Leases(store()),
        streams=Streams(store()),
        ring=bell().ring,
        ring_compaction=bell().ring_compaction,
    )


def hand_back() -> None:
    """Drop every turn and every summary in work, for others to take up at once."""
    for lease in answering().leases.held():
        lease.stop(HandedBack())
    compacting().stop.stop(HandedBack())


@_once
def compacting() -> Compacting:
    """Give what it takes to compact."""
    return Compacting(store=store(), model=model(), settings=settings(), windows=windows())
