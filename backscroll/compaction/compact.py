"""One compaction: snapshot, chapter, ledger, write back. No lock is held while the model thinks."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Literal

import msgspec

from backscroll import logs, metrics, tracing
from backscroll.compaction import merging
from backscroll.compaction.measuring import Windows
from backscroll.compaction.plan import covered, is_due
from backscroll.compaction.window import Window
from backscroll.compaction.writing import Writer, Written, write, write_merged
from backscroll.errors import HandedBack
from backscroll.ledger.extend import extend
from backscroll.ledger.ledger import Ledger
from backscroll.ledger.rendering import render
from backscroll.ledger.room import bounded
from backscroll.messages import tokens
from backscroll.messages.chapter import Chapter
from backscroll.model.port import Model
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store import bounds, compactions
from backscroll.store.compactions import FREE, Brought, Change, Cost, Merge, Snapshot
from backscroll.store.redis import Store

log = logging.getLogger(__name__)

# Runs of chapters that one compaction tries to merge, one after another.
_MERGE_TRIES = 2

Result = Brought | Literal["none", "refused", "handed_back"]


@dataclass(frozen=True)
class Compacting:
    """What it takes to compact. `stop` drops every summary in work, to be written by somebody else."""

    store: Store
    model: Model
    settings: Settings
    windows: Windows
    stop: Stop = field(default_factory=Stop)


def compact_session(compacting: Compacting, session: Session, *, token: str = "") -> Result:
    """Compact a session, if that is due and nobody else is at it.

    Args:
        compacting: what it takes.
        session: whose history.
        token: names this compaction; a fresh one by default.

    Returns:
        `none` when nothing was to be done, `refused` when the summary could not be had or did not pass
        the gate (it will be tried again), `handed_back` when this process was told to stop, or how the
        change was brought home.

    Raises:
        StoreUnavailable: when Redis does not serve; the sweep will ring again.
    """
    began = tracing.now()
    snapshot = compactions.begin(compacting.store, session, token or token_hex(16))
    if snapshot is None:
        return "none"
    origin = snapshot.origin
    with (
        logs.about(request_id=origin.request_id, session=session),
        # A trace of its own: nobody waits for it, and the one that made it due ends long before.
        tracing.span("compaction", parent="", cause=origin.traceparent, began=began, session=session) as span,
    ):
        if began:
            tracing.passed("snapshot", began)
        result = _of_snapshot(compacting, snapshot)
        span.set(result=result)
        return result


def _of_snapshot(compacting: Compacting, snapshot: Snapshot) -> Result:
    window = compacting.windows.now()
    if snapshot.keep is not None:
        window = msgspec.structs.replace(window, recent_turns=snapshot.keep)
    count = covered(snapshot.messages, window)
    if count == 0:
        compactions.finish(compacting.store, snapshot)
        return "none"
    began = time.monotonic()
    result: Result
    try:
        result = _compact(compacting, snapshot, count, window)
    except HandedBack:
        compactions.give_back(compacting.store, snapshot)
        result = "handed_back"
    metrics.COMPACTIONS.labels(result).inc()
    if result in ("applied", "offered"):
        metrics.COMPACTION_SECONDS.observe(time.monotonic() - began)
        if snapshot.due_at is not None:
            metrics.COMPACTION_LAG.observe(max(0.0, time.time() - snapshot.due_at / 1000))
    return result


def _compact(compacting: Compacting, snapshot: Snapshot, count: int, window: Window) -> Result:
    """Cover the oldest `count` messages of the snapshot."""
    budget = compacting.settings.budget
    deadline = time.monotonic() + compacting.settings.model.summary_deadline
    writer = Writer(compacting.model, compacting.settings, compacting.stop, deadline)
    messages, rest = snapshot.messages[:count], snapshot.messages[count:]
    with tracing.span("summary", messages=count):
        written = write(writer, messages, refused=snapshot.refused)
    if written.chapter is None:
        _count(compacting, snapshot, written.cost)
        return _refused(compacting, snapshot, written.refused, written.cost)
    ledger = bounded(extend(snapshot.ledger, messages, rest), budget.ledger_tokens)
    most = merging.room(ledger, budget.chapters_tokens) - written.chapter.tokens_after
    merge, cost = _merge(writer, snapshot, most)
    saved = _saved(snapshot, written.chapter, ledger, merge)
    cost = _sum(written.cost, cost)
    _count(compacting, snapshot, cost)
    unseen = snapshot.live > len(snapshot.messages)
    change = Change(
        chapter=written.chapter,
        ledger=ledger,
        merge=merge,
        saved=saved,
        again=unseen or is_due(rest, snapshot.tokens - saved, window),
        cost=cost,
    )
    with tracing.span("write back", saved_tokens=saved):
        brought = compactions.write_back(compacting.store, snapshot, change)
    log.info("compacted: result=%s last=%d saved_tokens=%d", brought, written.chapter.last, saved)
    if brought != "discarded":
        metrics.SAVED_TOKENS.inc(max(0, saved))
    return brought


def _merge(writer: Writer, snapshot: Snapshot, most: int) -> tuple[Merge | None, Cost]:
    """Merge older chapters where all of them have more than `most` tokens; at what cost.

    A merge that fails is left to the next compaction: there are only more words than there should be. Where
    the gate refuses it, others are merged: it may refuse the same ones each time.
    """
    cost, refused = FREE, None
    for _ in range(_MERGE_TRIES):
        group = merging.merge(snapshot.chapters, most, refused)
        if group is None:
            break
        written = _written(writer, snapshot.chapters[group])
        cost = _sum(cost, written.cost)
        if written.chapter is not None:
            return Merge(first=group.start, count=group.stop - group.start, chapter=written.chapter), cost
        if not written.cost.calls:
            break  # the model did not answer
        refused = group
    return None, cost


def _written(writer: Writer, chapters: Sequence[Chapter]) -> Written:
    try:
        with tracing.span("merge", chapters=len(chapters)):
            written = write_merged(writer, chapters)
    except HandedBack as error:
        return Written(None, error.code, FREE)  # the chapter that is written already goes home
    if written.chapter is None:
        log.warning("merge refused: reason=%s", written.refused)
    return written


def _saved(snapshot: Snapshot, chapter: Chapter, ledger: Ledger, merge: Merge | None) -> int:
    """Tell how many tokens the context loses by a change."""
    grown = tokens.of_text(render(ledger)) - tokens.of_text(render(snapshot.ledger))
    saved = chapter.tokens_before - chapter.tokens_after - grown
    if merge is not None:
        merged = snapshot.chapters[merge.first :][: merge.count]
        saved += sum(each.tokens_after for each in merged) - merge.chapter.tokens_after
    return saved


def _refused(compacting: Compacting, snapshot: Snapshot, reason: str, cost: Cost) -> Result:
    backoff = compacting.settings.budget.refusal_backoff
    pause = compactions.refuse(compacting.store, snapshot, reason, backoff, cost)
    metrics.REFUSALS.labels(reason).inc()
    log.warning("compaction refused: reason=%s next_try_seconds=%g", reason, pause)
    return "refused"


def _count(compacting: Compacting, snapshot: Snapshot, cost: Cost) -> None:
    """Count what was spent on the tenant's account, whatever becomes of the summary."""
    limits, tenant = compacting.settings.access, snapshot.session.tenant
    bounds.spend(compacting.store, limits, tenant, snapshot.token, cost.input_tokens + cost.output_tokens)


def _sum(one: Cost, other: Cost) -> Cost:
    return Cost(
        calls=one.calls + other.calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
    )
