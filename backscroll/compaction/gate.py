"""The gate: a chapter that would lose more than it saves is refused, and the history stays as it is."""

from __future__ import annotations

import re
from typing import Literal

from backscroll.model.port import Answer

Reason = Literal["empty", "cut_off", "error_text", "not_smaller"]

# What summarisers, proxies and frameworks have put where a summary should be.
_NOTHING = re.compile(
    r"(none|n/?a|null|nothing to (report|summari[sz]e)|no summary( available)?)[.!]?", re.IGNORECASE
)
_ERROR = re.compile(
    r"(\{\s*\"error\"|error( generating| creating|:)|exception:|traceback \(most recent|<!doctype|<html"
    r"|(http )?[45]\d\d (bad|unauthorized|forbidden|not found|too many|internal|service|gateway))",
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
    if not stripped or _NOTHING.fullmatch(stripped):
        return "empty"
    if answer.finish != "stop":
        return "cut_off"
    if _ERROR.match(stripped):
        return "error_text"
    if after >= before:
        return "not_smaller"
    return None
