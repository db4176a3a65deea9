"""A session as the API gives it: its state, its messages, what the model is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from backscroll.messages.message import Usage
from backscroll.session_settings import SessionSettings


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the history; `seq` counts from 1. `model` is who answered.

    A `recovered` one was said while the history store was away, and came into the history afterwards.
    """

    seq: int
    role: str
    text: str
    parts: tuple[Mapping[str, Any], ...] = ()
    ts: datetime | None = None
    model: str | None = None
    usage: Usage | None = None
    recovered: bool = False


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, and the seq behind which the next page begins."""

    messages: tuple[Message, ...]
    next: int | None = None


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A summary of the messages `first` to `last`; what it says only where the context is read."""

    first: int
    last: int
    tokens_before: int = 0
    tokens_after: int = 0
    level: int = 0
    model: str = ""
    ts: datetime | None = None
    text: str = ""
    decisions: tuple[str, ...] = ()
    open_tasks: tuple[Mapping[str, Any], ...] = ()
    facts: tuple[str, ...] = ()


class Compactions(msgspec.Struct, frozen=True, kw_only=True):
    """How many compactions changed the session, and how many were refused."""

    done: int = 0
    refused: int = 0


class ListedReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply as a session lists it."""

    id: str
    status: str
    created_at: datetime | None = None
    finished_at: datetime | None = None


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """A session without its messages.

    `pending` are the replies that have not ended, in order, the first of them in work when `in_work`;
    `replies` the newest ones of all, newest first. `compaction` is `due` or `none`, `context_tokens` as
    the model counted them, `expires_in` in seconds.
    """

    session: str = ""
    messages: int = 0
    turns: int = 0
    watermark: int = 0
    context_tokens: int = 0
    chapters: tuple[Chapter, ...] = ()
    pending: tuple[str, ...] = ()
    in_work: bool = False
    replies: tuple[ListedReply, ...] = ()
    settings: SessionSettings = SessionSettings()
    compaction: str = "none"
    compactions: Compactions = Compactions()
    created_at: datetime | None = None
    expires_in: float | None = None


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is sent before the next message: chapters, ledger, and the live messages."""

    tokens: int
    chapters: tuple[Chapter, ...] = ()
    ledger: Mapping[str, Any] = {}
    messages: tuple[Message, ...] = ()


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore brought back; where that was nothing, `reason` says why."""

    chapters_restored: int
    messages_restored: int
    watermark: int
    context_tokens: int
    reason: str | None = None
