"""Writing a chapter: the summary model is asked, the gate judges, and both are paid for."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from backscroll.compaction import source
from backscroll.compaction.gate import refusal
from backscroll.compaction.source import Source
from backscroll.compaction.summary import (
    PROMPT_VERSION,
    build_merge_prompt,
    build_prompts,
    combine,
    read_summary,
)
from backscroll.errors import PermanentError, TransientError
from backscroll.messages import tokens
from backscroll.messages.chapter import CHAPTER_VERSION, Chapter, Summary, render
from backscroll.messages.message import Message
from backscroll.messages.part import spoken
from backscroll.model.asking import ask
from backscroll.model.port import Answer, Model, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import Settings
from backscroll.store.compactions import Cost


class Writer(msgspec.Struct, frozen=True):
    """Who writes the chapters of one compaction.

    All of them together have until `deadline`, on the monotonic clock: beyond it, somebody else might begin
    the same compaction anew. `stop` drops what is in work.
    """

    model: Model
    settings: Settings
    stop: Stop
    deadline: float


class Written(msgspec.Struct, frozen=True):
    """A chapter, or why there is none: the gate's reason, or the code of the model's error. And its cost."""

    chapter: Chapter | None
    refused: str
    cost: Cost


def write(writer: Writer, messages: Sequence[Message], *, refused: tuple[str, ...]) -> Written:
    """Write the chapter of `messages`.

    Args:
        writer: who writes it.
        messages: what it covers, in order.
        refused: why what was written for them before was refused.

    Raises:
        HandedBack: when somebody asked to stop.
    """
    held = _held(messages[0].seq, messages[-1].seq, tokens.of_messages(messages), refused=refused)
    return _write(writer, build_prompts(messages, writer.settings), source.of_messages(messages), held)


def write_merged(writer: Writer, chapters: Sequence[Chapter]) -> Written:
    """Write the chapter that takes the place of `chapters`, which are neighbours, oldest first.

    Raises:
        HandedBack: when somebody asked to stop.
    """
    before = sum(chapter.tokens_before for chapter in chapters)
    level = max(chapter.level for chapter in chapters) + 1
    held = _held(chapters[0].first, chapters[-1].last, before, level=level)
    prompts = [build_merge_prompt(chapters, writer.settings)]
    return _write(writer, prompts, source.of_chapters(chapters), held)


def _held(first: int, last: int, before: int, *, level: int = 0, refused: tuple[str, ...] = ()) -> Chapter:
    """Give a chapter in which what the model writes is still to be filled in."""
    return Chapter(
        v=CHAPTER_VERSION,
        first=first,
        last=last,
        text="",
        level=level,
        model="",
        prompt=PROMPT_VERSION,
        ts=0,
        tokens_before=before,
        tokens_after=0,
        refused=refused,
    )


def _write(writer: Writer, prompts: Sequence[Prompt], stands_for: Source, chapter: Chapter) -> Written:
    """Fill in what the model writes of a chapter, if the gate lets it pass."""
    answers: list[Answer] = []
    try:
        for prompt in prompts:
            answers.append(
                ask(
                    writer.model,
                    prompt,
                    deadline=max(0.0, writer.deadline - time.monotonic()),
                    timeout=writer.settings.model.attempt_timeout,
                    stop=writer.stop,
                )
            )
    except (TransientError, PermanentError) as error:
        return Written(None, error.code, _cost(answers))
    summary = combine([read_summary(spoken(answer.parts)) for answer in answers])
    reason = refusal(answers, summary, stands_for)
    if reason is not None or summary is None:
        return Written(None, reason or "not_structured", _cost(answers))
    return Written(_filled(chapter, summary, answers[-1].model), "", _cost(answers))


def _filled(chapter: Chapter, summary: Summary, model: str) -> Chapter:
    filled: Chapter = msgspec.structs.replace(
        chapter,
        text=summary.what_happened,
        decisions=summary.decisions,
        open_tasks=summary.open_tasks,
        facts=summary.facts,
        model=model,
        ts=int(time.time() * 1000),
        tokens_after=tokens.of_text(render(summary)),
    )
    return filled


def _cost(answers: Sequence[Answer]) -> Cost:
    return Cost(
        calls=len(answers),
        input_tokens=sum(answer.usage.prompt_tokens or 0 for answer in answers),
        output_tokens=sum(answer.usage.output_tokens or 0 for answer in answers),
    )
