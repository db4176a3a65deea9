"""One compaction: snapshot, summary, gate, write back. No lock is held while the model thinks."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Literal

from backscroll.compaction import source
from backscroll.compaction.gate import Reason, refusal
from backscroll.compaction.plan import covered, is_due
from backscroll.compaction.summary import PROMPT_VERSION, build_prompts, combine, read_summary
from backscroll.compaction.window import given
from backscroll.errors import HandedBack, PermanentError, TransientError
from backscroll.messages import tokens
from backscroll.messages.chapter import CHAPTER_VERSION, Chapter, render
from backscroll.messages.part import spoken
from backscroll.model.asking import ask
from backscroll.model.port import Model
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store import compactions
from backscroll.store.compactions import Brought, Snapshot
from backscroll.store.redis import Store

log = logging.getLogger(__name__)

Result = Brought | Literal["none", "refused", "handed_back"]


@dataclass(frozen=True)
class Compacting:
    """What it takes to compact. `stop` drops every summary in work, to be written by somebody else."""

    store: Store
    model: Model
    settings: Settings
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
    snapshot = compactions.begin(compacting.store, session, token or token_hex(16))
    if snapshot is None:
        return "none"
    window = given(compacting.settings.budget)
    unseen = snapshot.live - len(snapshot.messages)
    count = covered(snapshot.messages, window)
    if count == 0:
        compactions.finish(compacting.store, snapshot)
        return "none"
    try:
        chapter = _chapter(compacting, snapshot, count)
    except HandedBack:
        compactions.give_back(compacting.store, snapshot)
        return "handed_back"
    except (TransientError, PermanentError) as error:
        return _refused(compacting, snapshot, error.code)
    if isinstance(chapter, str):
        return _refused(compacting, snapshot, chapter)
    saved = chapter.tokens_before - chapter.tokens_after
    rest = snapshot.messages[count:]
    again = unseen > 0 or is_due(rest, snapshot.tokens - saved, window)
    return compactions.write_back(compacting.store, snapshot, chapter, saved=saved, again=again)


def _chapter(compacting: Compacting, snapshot: Snapshot, count: int) -> Chapter | Reason:
    """Write the chapter of the oldest `count` messages, or say why what was written is none."""
    messages = snapshot.messages[:count]
    limits = compacting.settings.model
    answers = [
        ask(
            compacting.model,
            prompt,
            deadline=limits.summary_deadline,
            timeout=limits.attempt_timeout,
            stop=compacting.stop,
        )
        for prompt in build_prompts(messages, compacting.settings)
    ]
    summary = combine([read_summary(spoken(answer.parts)) for answer in answers])
    reason = refusal(answers, summary, source.of_messages(messages))
    if reason is not None:
        return reason
    assert summary is not None
    return Chapter(
        v=CHAPTER_VERSION,
        first=snapshot.watermark + 1,
        last=snapshot.watermark + count,
        text=summary.what_happened,
        decisions=summary.decisions,
        open_tasks=summary.open_tasks,
        facts=summary.facts,
        model=answers[-1].model,
        prompt=PROMPT_VERSION,
        ts=int(time.time() * 1000),
        tokens_before=tokens.of_messages(messages),
        tokens_after=tokens.of_text(render(summary)),
    )


def _refused(compacting: Compacting, snapshot: Snapshot, reason: str) -> Result:
    pause = compactions.refuse(compacting.store, snapshot, reason, compacting.settings.budget.refusal_backoff)
    log.warning("compaction refused: reason=%s next_try_seconds=%g", reason, pause)
    return "refused"
