"""What clients are shown: replies, messages, sessions, as JSON. Times are RFC 3339 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Response, url_for

from backscroll.ledger.ledger import Ledger
from backscroll.ledger.rendering import render
from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import to_stored
from backscroll.session import Session
from backscroll.settings import BudgetSettings
from backscroll.store.replies import Reply
from backscroll.store.restore import Restored
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
        "degraded": found.degraded is not None,
        "degraded_reason": found.degraded,
        "recorded": found.recorded,
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
        "recovered": found.recovered,
    }


def chapter(found: Chapter, *, with_text: bool) -> dict[str, Any]:
    """Show a chapter: what it covers and how it came about, and what it says where that is asked for."""
    shown: dict[str, Any] = {
        "first": found.first,
        "last": found.last,
        "tokens_before": found.tokens_before,
        "tokens_after": found.tokens_after,
        "model": found.model,
        "prompt": found.prompt,
        "ts": time(found.ts),
        "level": found.level,
        # What did not pass is no chapter: what was refused for its range before is known by the reasons.
        "gate": {"verdict": "passed", "refused_before": found.refused},
    }
    if with_text:
        shown["text"] = found.text
        shown["decisions"] = found.decisions
        shown["open_tasks"] = [msgspec.structs.asdict(task) for task in found.open_tasks]
        shown["facts"] = found.facts
    return shown


def ledger(found: Ledger) -> dict[str, Any]:
    """Show the ledger: who said which values and when, what is left to do, and its text for the model."""
    return {
        "entries": [
            {
                "seq": said.seq,
                "role": said.role,
                "ts": time(said.ts),
                "values": [{"text": value.text, "kind": value.kind} for value in said.values],
            }
            for said in found.said
        ],
        "open_tasks": [
            {"seq": task.seq, "role": task.role, "ts": time(task.ts), "kind": task.kind, "text": task.text}
            for task in found.open
        ],
        "dropped": found.dropped,
        "text": render(found),
    }


def budget(found: BudgetSettings) -> dict[str, int | str]:
    """Show what a context may have: tokens and live turns that make a compaction due, and its ceiling."""
    return {
        "context_tokens": found.context_tokens,
        "ceiling_tokens": found.ceiling_tokens,
        "trigger_turns": found.trigger_turns,
        "recent_turns": found.recent_turns,
    }


def session(found: State, limits: BudgetSettings) -> dict[str, Any]:
    """Show a session's state, and the budget that it stays within."""
    return {
        "session": found.session.id,
        "messages": found.messages,
        "turns": found.turns,
        "watermark": found.watermark,
        "context_tokens": found.context_tokens,
        "budget": budget(limits),
        "chapters": [chapter(each, with_text=False) for each in found.chapters],
        "pending": list(found.pending),
        "replies": [
            {
                "id": each.id,
                "status": each.status,
                "created_at": time(each.created_at),
                "finished_at": time(each.finished_at),
                "location": url_for("replies.get", sid=found.session.id, rid=each.id),
                "events": url_for("events.get", sid=found.session.id, rid=each.id),
            }
            for each in found.replies
        ],
        "in_work": found.in_work,
        "compaction": "due" if found.compaction_due else "none",
        "compactions": {
            "done": found.compactions,
            "refused": sum(found.refused.values()),
            "refused_by_reason": found.refused,
            "discarded": found.discarded,
            "summary_calls": found.summaries.calls,
            "summary_input_tokens": found.summaries.input_tokens,
            "summary_output_tokens": found.summaries.output_tokens,
            "tokens_saved": found.tokens_saved,
        },
        "stale_writes": found.stale_writes,
        "created_at": time(found.created_at),
        "expires_in": found.expires_in,
        "settings": msgspec.to_builtins(found.settings),
    }


def restored(session: Session, found: Restored) -> dict[str, Any]:
    """Show what a restore brought back, or why nothing."""
    shown = {
        "session": session.id,
        "chapters_restored": found.chapters,
        "messages_restored": found.messages,
        "watermark": found.watermark,
        "context_tokens": found.context_tokens,
    }
    return shown | {"reason": found.reason} if found.reason else shown
