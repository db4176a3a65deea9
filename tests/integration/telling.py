"""What is told of a reply on a real Redis, as tests say and read it."""

from __future__ import annotations

import json
from typing import Any

from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Text
from backscroll.session import Session
from backscroll.store import events, keys
from backscroll.store.events import Told
from backscroll.store.redis import Store
from backscroll.store.turns import Completed, Turn


def events_key(store: Store, session: Session, rid: str) -> str:
    return keys.events(session, store.settings.shards, rid)


def let_the_lease_run_out(store: Store, session: Session) -> None:
    found = keys.of_session(session, store.settings.shards)
    store.client.delete(next(key for key in found if key.endswith(":lock")))


def heard(store: Store, turn: Turn, number: int, *texts: str) -> bool:
    """Tell words as batch `number`; whether the turn is ours still."""
    batch = (number, [events.delta(text, thought=False) for text in texts])
    return events.append(store, [(turn, events.pack([batch]))])[0]


def shown(told: Told) -> list[tuple[str, Any]]:
    return [(event.kind, json.loads(event.data)) for event in told.events]


def begun(attempt: int) -> tuple[str, Any]:
    return "status", {"status": "in_progress", "attempt": attempt}


def said(text: str) -> tuple[str, Any]:
    return "delta", {"text": text}


def ended(status: str) -> tuple[str, Any]:
    return "end", {"status": status}


def in_order(told: Told) -> bool:
    ids = [event.order for event in told.events]
    return ids == sorted(set(ids))


def answer(text: str, *others: Other) -> Completed:
    return Completed(
        parts=(Text(text), *others),
        model="m",
        asked="m",
        usage=Usage(output_tokens=2),
        tokens=9,
        complete=True,
        compaction_due=False,
        finished_at=1,
    )
