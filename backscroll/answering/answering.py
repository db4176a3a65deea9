"""Answering a session: its turns one after another, for as long as there are any."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tenacity

from backscroll import logs, metrics, tracing
from backscroll.answering.lease import Lease, Leases
from backscroll.answering.streaming import Stream, Streams
from backscroll.answering.turn import Outcome, Pause, work
from backscroll.compaction.measuring import Windows
from backscroll.errors import LeaseLost, MediaFull, StoreUnavailable
from backscroll.model.port import Model
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store import bounds
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.turns import Completed, Ended, Turn, claim, commit, fail, snooze

log = logging.getLogger(__name__)

_ENDINGS = {Completed: "commit", ReplyError: "fail", Pause: "snooze"}


@dataclass(frozen=True)
class Answering:
    """What it takes to answer. `ring` and `ring_compaction` call for somebody to look at a session."""

    store: Store
    model: Model
    settings: Settings
    windows: Windows
    leases: Leases
    streams: Streams
    ring: Callable[[Session], object]
    ring_compaction: Callable[[Session], object]


def answer_session(answering: Answering, session: Session, *, go_on: Callable[[], bool]) -> int:
    """Answer what waits in a session's inbox, unless somebody is at it already.

    Args:
        answering: what it takes.
        session: whose.
        go_on: asked before each turn's end whether to take up the next one; when not, a bell is rung
            for it, and another worker has it at once.

    Returns:
        How many turns were brought to an end.

    Raises:
        StoreUnavailable: when Redis does not serve; what was in work is taken up again by the sweep.
    """
    lease, began = Lease(session), tracing.now()
    ceiling = answering.settings.budget.ceiling_tokens
    turn = claim(answering.store, session, lease.token, ceiling=ceiling)
    if turn is None:
        return 0
    done = 0
    with answering.leases.keep(lease):
        while turn is not None:
            lease.take_up(turn)
            _waited(turn, "turn" if done else "worker")
            with _told(turn, began):
                try:
                    with metrics.TURNS_IN_WORK.track_inprogress(), answering.streams.open(turn) as stream:
                        ended = _end(answering, turn, lease, stream, go_on)
                except LeaseLost:
                    # Cancelled, deleted, or taken over after a pause: whoever did that sees to the session.
                    metrics.LOCK_LOSSES.inc()
                    metrics.TURNS.labels("lost").inc()
                    log.warning("lease lost: reply=%s attempt=%d", turn.reply_id, turn.attempt)
                    return done
            if ended is None:
                return done
            done += 1
            if ended.ring:
                answering.ring(session)
            if ended.ring_compaction:
                answering.ring_compaction(session)
            turn, began = ended.next_turn, 0
    return done


@contextmanager
def _told(turn: Turn, claimed: int) -> Iterator[None]:
    """Have lines and spans within the block say which turn they are about.

    The span goes on with the trace of the request that the turn comes from, and begins with its claim, at
    `claimed`: whose turn it is was not known before. One that came with the last one's commit has none: 0.
    """
    origin = turn.origin
    about: dict[str, Any] = {"session": turn.session, "reply": turn.reply_id, "attempt": turn.attempt}
    with (
        logs.about(request_id=origin.request_id, **about),
        tracing.span("turn", parent=origin.traceparent, kind="consumer", began=claimed, **about),
    ):
        if claimed:
            tracing.passed("claim", claimed)
        yield


def _end(
    answering: Answering, turn: Turn, lease: Lease, stream: Stream, go_on: Callable[[], bool]
) -> Ended | None:
    """Work on a turn and bring it to its end; None when it is to be taken up again later."""
    window = answering.windows.now()
    outcome = work(turn, answering.store, answering.model, answering.settings, lease, window, stream)
    if isinstance(outcome, Pause):
        log.info("snoozed: reply=%s seconds=%g", turn.reply_id, outcome.seconds)
    elif isinstance(outcome, ReplyError):
        log.warning("failed: reply=%s code=%s", turn.reply_id, outcome.code)
    # An answer took a model seconds, and a Redis that restarts is back in one: what has been said is not
    # thrown away while nobody else can have the session. Each ending is safe to run twice.
    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(StoreUnavailable),
        wait=tenacity.wait_exponential(multiplier=0.1, max=1.0),
        stop=tenacity.stop_after_delay(answering.settings.store.lock_lease),
        reraise=True,
    )
    # Asked once: a try that was replayed with another answer would give the next turn up as lost.
    with tracing.span(_ENDINGS[type(outcome)]):
        ended = patiently(_write, answering, turn, outcome, stream.rest(), go_on=go_on())
    _count(turn, outcome)
    if isinstance(outcome, Completed):
        log.info("answered: reply=%s model=%s tokens=%d", turn.reply_id, outcome.model, outcome.tokens)
        limits, spent = answering.settings.access, bounds.tokens_of(outcome.usage)
        bounds.spend(answering.store, limits, turn.session.tenant, turn.reply_id, spent)
    if isinstance(outcome, Pause) and not outcome.seconds:
        answering.ring(turn.session)
    return ended


def _waited(turn: Turn, waited_for: str) -> None:
    """Note how long a turn has waited for its first attempt; a pause that a model asked for is no waiting."""
    if turn.attempt == 1 and not turn.put_off:
        metrics.QUEUE_WAIT.labels(waited_for).observe(_since(turn.accepted_at))


def _count(turn: Turn, outcome: Outcome) -> None:
    metrics.TURNS.labels(_ending(outcome)).inc()
    if isinstance(outcome, Completed):
        metrics.REPLY_SECONDS.observe(_since(turn.accepted_at))


def _ending(outcome: Outcome) -> str:
    if isinstance(outcome, Pause):
        return "snoozed" if outcome.seconds else "handed_back"
    if isinstance(outcome, ReplyError):
        return "failed"
    return "completed" if outcome.complete else "incomplete"


def _since(milliseconds: int) -> float:
    """Give the seconds since then; that was on the clock of Redis, which may be a little ahead."""
    return max(0.0, time.time() - milliseconds / 1000)


def _write(answering: Answering, turn: Turn, outcome: Outcome, untold: bytes, *, go_on: bool) -> Ended | None:
    ceiling = answering.settings.budget.ceiling_tokens
    if isinstance(outcome, Pause):
        snooze(answering.store, turn, outcome.seconds)
        return None
    if isinstance(outcome, ReplyError):
        return fail(answering.store, turn, outcome, go_on=go_on, ceiling=ceiling)
    try:
        return commit(answering.store, turn, outcome, go_on=go_on, ceiling=ceiling, untold=untold)
    except MediaFull as error:
        # An answer without its pictures would be another one: better none, and the reason.
        log.warning("not kept: reply=%s code=%s", turn.reply_id, error.code)
        full = ReplyError(error.code, error.message, retryable=False)
        return fail(answering.store, turn, full, go_on=go_on, ceiling=ceiling)
