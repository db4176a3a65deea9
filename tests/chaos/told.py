"""What the clients were told, and what the server holds in the end."""

from __future__ import annotations

from typing import Any

import msgspec

from backscroll.client import Message, ReplyError


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply as the API gives it; of one that was only accepted, no more than its id and status."""

    id: str
    status: str
    text: str = ""
    error: ReplyError | None = None
    attempts: int = 0
    created_at: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted message. `step` counts the client's steps; messages of one step were posted at once.

    `reply` is the last that the client saw of it. Times are monotonic seconds: from the first try to post
    it until its reply had ended, or None.
    """

    step: int
    said: str
    reply: Reply
    posted: float
    ended: float | None


class Breach(msgspec.Struct, frozen=True):
    """Something that must not be: its kind, where it was seen, and what was seen."""

    kind: str
    where: str
    what: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A session without its messages."""

    messages: int
    watermark: int
    chapters: tuple[dict[str, Any], ...]
    pending: tuple[str, ...]
    compactions: dict[str, Any]
    stale_writes: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the end. Without one, no state; of a reply that is not there, None."""

    transcript: tuple[Message, ...] = ()
    state: State | None = None
    replies: dict[str, Reply | None] = {}
