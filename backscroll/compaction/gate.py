"""The gate: a chapter that would lose more than it saves is refused, and the history stays as it is."""

from __future__ import annotations

import re
from typing import Literal

from backscroll.model.port import Answer

Reason = Literal["empty", "cut_off", "error_text", "model_refusal", "not_smaller"]

# A real chapter is longer than what summarisers, proxies and frameworks have put in its place; only what
# is short, or has a form that no chapter has, is held against these.
_SHORT = 160
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


def refusal(answer: Answer, text: str, *, before: int, after: int) -> Reason | None:
    """Say why a summary must not become a chapter, or None when it may.

    Args:
        answer: as the model gave it.
        text: what it wrote.
        before: tokens of the messages that the chapter would cover.
        after: tokens of the chapter.
    """
    stripped = text.strip()
    short = len(stripped) <= _SHORT
    if _NOTHING.fullmatch(stripped.strip(_MARKS)):
        return "empty"
    if answer.finish != "stop":
        return "cut_off"
    if _NO_CHAPTER.match(stripped) or (short and _ERROR.match(stripped)):
        return "error_text"
    if short and _REFUSAL.match(stripped):
        return "model_refusal"
    if after >= before:
        return "not_smaller"
    return None
