"""What clients are shown: replies, messages, sessions, as JSON. Times are RFC 3339 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Response

from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import to_stored
from backscroll.store.replies import Reply
from backscroll.store.sessions import State


def json(body: object, status: int = 200) -> Response:
    """Give `body` as a JSON response."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def time(ms: int | None) -> str | None:
    """Write milliseconds since 1970 as RFC 3339."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def usage(found: Usage | None) -> dict[str, int | None] | None:
    """Show the tokens of a model call."""
    return msgspec.structs.asdict(found) if found is not None else None


def reply(found: Reply) -> dict[str, Any]:
    """Show a reply."""
    return {
        "id": found.id,
        "session": found.session.id,
        "status": found.status,
        "text": found.text,
        "parts": [to_stored(part) for part in found.parts],
        "usage": usage(found.usage),
        "model": found.model,
        "degraded": False,
        "error": msgspec.structs.asdict(found.error) if found.error is not None else None,
        "attempts": found.attempts,
        "position": found.position,
        "seq": found.seq,
        "created_at": time(found.created_at),
        "started_at": time(found.started_at),
        "finished_at": time(found.finished_at),
    }


def message(found: Message) -> dict[str, Any]:
    """Show a message of the history."""
    return {
        "seq": found.seq,
        "role": found.role,
        "ts": time(found.ts),
        "text": found.text,
        "parts": [to_stored(part) for part in found.parts],
        "model": found.model,
        "usage": usage(found.usage),
    }


def chapter(found: Chapter, *, with_text: bool) -> dict[str, Any]:
    """Show a chapter: what it covers and how it came about, and its text where that is asked for."""
    shown = {
        "first": found.first,
        "last": found.last,
        "tokens_before": found.tokens_before,
        "tokens_after": found.tokens_after,
        "model": found.model,
        "prompt": found.prompt,
        "ts": time(found.ts),
    }
    return shown | {"text": found.text} if with_text else shown


def session(found: State) -> dict[str, Any]:
    """Show a session's state."""
    return {
        "session": found.session.id,
        "messages": found.messages,
        "turns": found.turns,
        "watermark": found.watermark,
        "context_tokens": found.context_tokens,
        "chapters": [chapter(each, with_text=False) for each in found.chapters],
        "pending": list(found.pending),
        "in_work": found.in_work,
        "compaction": "due" if found.compaction_due else "none",
        "compactions": {
            "done": found.compactions,
            "refused": sum(found.refused.values()),
            "refused_by_reason": found.refused,
            "discarded": found.discarded,
        },
        "stale_writes": found.stale_writes,
        "created_at": time(found.created_at),
        "expires_in": found.expires_in,
    }
