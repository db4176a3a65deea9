"""The gate: a chapter that would lose more than it saves is refused, and the history stays as it is."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from backscroll.compaction.language import wrong_language
from backscroll.compaction.numbers import wrong_number
from backscroll.compaction.source import Source
from backscroll.messages import tokens
from backscroll.messages.chapter import Summary, render
from backscroll.messages.part import spoken
from backscroll.model.port import Answer

log = logging.getLogger(__name__)

Reason = Literal[
    "empty",
    "cut_off",
    "error_text",
    "model_refusal",
    "not_structured",
    "not_smaller",
    "wrong_language",
    "wrong_number",
]

# A real chapter is longer than what summarisers, proxies and frameworks have put in its place; only what
# is short, or has a form that no chapter has, is held against these.
_SHORT = 160
_QUOTATION = 40
_NOTHING = re.compile(
    r"(summary:?)?\s*(none|n/?a|null|nil|empty|no content|no summary( available)?|无|なし"
    r"|(there (is|was) )?nothing( new)? to (report|summari[sz]e|add|note))?",
    re.IGNORECASE,
)
_MARKS = "*_`\"'()[]{}<>.!#- \n\t。"
_NO_CHAPTER = re.compile(r"\{\s*\"error\"|traceback \(most recent|<!doctype|<html", re.IGNORECASE)
_ERROR = re.compile(
    r"(an )?(\w+ )?error( (code|occurred|while)\b| (generating|creating) (a |the )?(summary|content|response)"
    r"|\s*[:.!]|\s*\d|$)|failed to (generate|create|summari[sz]e)\b|rate limit exceeded|exception:"
    r"|(request )?timed? ?out\b|(http )?[45]\d\d( (bad request|unauthorized|forbidden|not found$|too many"
    r"|internal server|bad gateway|service unavailable|gateway time)|[.:]|$)"
    r"|internal server error|service unavailable",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"(i['\u2019]?m (very )?sorry|sorry,|i (cannot|can['\u2019]?t|am unable|am not able)"
    r"|i['\u2019]m (unable|not able)|as an ai\b|unfortunately, i)",
    re.IGNORECASE,
)


def refusal(answers: Sequence[Answer], summary: Summary | None, source: Source) -> Reason | None:
    """Say why a summary must not become a chapter, or None when it may.

    Args:
        answers: as the model gave them, one for each part of what it was asked.
        summary: what they say together, or None where one of them is not in the form that was asked for.
        source: what the chapter would stand for.
    """
    reason = _unusable(answers, summary, source)
    if reason is None and summary is not None:
        reason = _unfaithful(summary, source)
    if reason is not None:
        log.debug(
            "a summary is refused: reason=%s parts=%d source_tokens=%d", reason, len(answers), source.tokens
        )
    return reason


def _unusable(answers: Sequence[Answer], summary: Summary | None, source: Source) -> Reason | None:
    """Judge what was written for what it is, whatever it is about."""
    for answer in answers:
        text = spoken(answer.parts)
        if (reason := _no_summary(text)) is not None and (reason == "empty" or answer.finish == "stop"):
            return reason
    if any(answer.finish != "stop" for answer in answers):
        return "cut_off"
    if summary is None:
        return "not_structured"
    reason = _no_summary(summary.what_happened)
    return None if reason != "empty" and _quoted(summary.what_happened, source) else reason


def _quoted(text: str, source: Source) -> bool:
    """Tell whether a summary begins as somebody in the conversation did: "I'm sorry, it is sold out"."""
    beginning = text.strip()[:_QUOTATION]
    return any(beginning in said for said in source.spoken)


def _no_summary(text: str) -> Reason | None:
    stripped = text.strip()
    short = len(stripped) <= _SHORT
    if _NOTHING.fullmatch(stripped.strip(_MARKS)):
        return "empty"
    if _NO_CHAPTER.match(stripped) or (short and _ERROR.match(stripped)):
        return "error_text"
    if short and _REFUSAL.match(stripped):
        return "model_refusal"
    return None


def _unfaithful(summary: Summary, source: Source) -> Reason | None:
    """Judge a summary by what it stands for."""
    if tokens.of_text(render(summary)) >= source.tokens:
        return "not_smaller"
    stated = tuple(_prose(summary))
    if wrong_language("\n".join(stated), source.spoken):
        return "wrong_language"
    if wrong_number(stated, source):
        return "wrong_number"
    return None


def _prose(summary: Summary) -> Iterator[str]:
    yield summary.what_happened
    yield from summary.decisions
    for task in summary.open_tasks:
        yield from (task.task, task.owner, task.due)
    yield from summary.facts
