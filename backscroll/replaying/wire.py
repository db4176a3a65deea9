"""What the API says, as far as the player reads it. Fields that it does not need it passes over."""

from __future__ import annotations

from typing import Any

import msgspec

from backscroll.messages.message import Usage

KEPT = frozenset({"completed", "incomplete"})  # the turn is in the transcript
ENDED = KEPT | {"failed", "cancelled"}


class Problem(msgspec.Struct, frozen=True):
    """Why something failed: of an error response, or of a failed reply."""

    code: str = "unknown"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply; of one that was only accepted, no more than its id and status."""

    id: str
    status: str
    text: str = ""
    usage: Usage | None = None
    error: Problem | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the transcript."""

    seq: int
    role: str
    text: str
    parts: tuple[dict[str, Any], ...] = ()


class Page(msgspec.Struct, frozen=True):
    """Messages, and the seq behind which the next page begins."""

    messages: tuple[Message, ...]
    next: int | None


class Compactions(msgspec.Struct, frozen=True):
    """How many compactions changed the session."""

    done: int = 0


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A session without its messages; tokens as the model counted them."""

    context_tokens: int
    chapters: tuple[dict[str, Any], ...]
    compaction: str
    compactions: Compactions = Compactions()
