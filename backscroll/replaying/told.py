"""What a client was told about its messages."""

from __future__ import annotations

from typing import Literal

import msgspec

# kept: the turn must be in the transcript. failed, refused: it must not. unended: it may be, once.
End = Literal["kept", "failed", "refused", "unended"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One message, and what became of it as its client was told.

    `said` is the user's text, `text` the reply's, `code` the error's where there was one. Times are
    milliseconds from the first try to post: until the message was accepted, until its reply had ended.
    """

    said: str
    end: End
    text: str = ""
    code: str | None = None
    accept_ms: float | None = None
    reply_ms: float | None = None
    prompt_tokens: int | None = None
