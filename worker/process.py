"""What one worker process is made of. Made on first use, so that nothing is shared across a fork."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import cache, wraps
from typing import TypeVar

from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.pool import Pool
from backscroll.answering.streaming import Streams
from backscroll.compaction.compact import Compacting, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.doorbell import Doorbell
from backscroll.errors import HandedBack, InvalidSetting
from backscroll.model.guarded import Guarded
from backscroll.model.port import Model
from backscroll.model.stop import Stop
from backscroll.session import Session
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


# Set while an operator has compactions paused. It lasts as long as the process: a restart resumes.
paused = threading.Event()
# Set when the sweeper is to look without waiting for the next interval.
hurry = threading.Event()

# Stops every summary in work when it is handed back.
summaries = Stop()
# Sessions whose compactions are in work here, and since when, in seconds since 1970.
compacted: dict[Session, float] = {}


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
    return Doorbell(settings().worker, probe_interval=settings().store.probe_interval)


@_once
def turns() -> Pool:
    """Give the threads on which this process answers what no bell could be rung for."""
    return Pool("turns", settings().worker.worker_threads)


@_once
def compactions() -> Pool:
    """Give the threads on which it compacts what no bell could be rung for: no turn waits for their room."""
    return Pool("compactions", settings().worker.worker_threads)


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
    return Guarded(made, settings().model)


@_once
def windows() -> Windows:
    """Give the window by which this process compacts."""
    return Windows(store(), settings().budget)


@_once
def leases() -> Leases:
    """Give the session locks that this process holds."""
    return Leases(store())


@_once
def answering() -> Answering:
    """Give what it takes to answer."""
    return Answering(
        store=store(),
        model=model(),
        settings=settings(),
        windows=windows(),
        leases=leases(),
        streams=Streams(store()),
        ring=bell().ring,
        ring_compaction=bell().ring_compaction,
    )


def answer(session: Session) -> None:
    """Answer what waits in a session's inbox; see `answer_session`."""
    answer_session(answering(), session, go_on=lambda: not stopping.is_set())


def compact(session: Session) -> None:
    """Compact a session, if that is due; see `compact_session`.

    Not while compactions are paused: the session stays due, and the sweep rings for it again after a grace,
    as often as it takes. The bell is used up, so that a long pause does not fill the broker with them.
    """
    if paused.is_set():
        return
    compacted[session] = time.time()
    try:
        result = compact_session(compacting(), session)
    finally:
        compacted.pop(session, None)
    if result == "handed_back":
        bell().ring_compaction(session)


def hand_back() -> None:
    """Drop every turn and every summary in work, for others to take up at once."""
    for lease in leases().held():
        lease.stop(HandedBack())
    summaries.stop(HandedBack())


@_once
def compacting() -> Compacting:
    """Give what it takes to compact."""
    return Compacting(store=store(), model=model(), settings=settings(), windows=windows(), stop=summaries)
