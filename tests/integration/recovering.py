"""Turns that a web process answered itself while the store was away, for tests of what becomes of them."""

from __future__ import annotations

import time
from hashlib import sha1
from pathlib import Path
from typing import Any

from backscroll.messages.media import Media
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.spool.files import Spool
from backscroll.spool.merge import Merger
from backscroll.spool.record import encode
from backscroll.store import submissions
from backscroll.store.recover import Answered, DegradedTurn, Recovered
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.submissions import OnBusy, Submission

ERROR = ReplyError("blocked", "refused", retryable=False)
PICTURE = Media("image/png", b"\x89PNG" * 300)


class Process:
    """A web process as far as its spool is concerned."""

    def __init__(self, directory: Path, store: Store) -> None:
        self.spool = Spool(directory, store.settings.redis_url, 1_000_000)
        self.store = store
        self.settled: list[str] = []
        self.became: list[Recovered] = []
        self.rung: list[Session] = []
        self.merger = Merger(
            self.spool,
            store,
            settled=self._settled,
            ring=self.rung.append,
        )

    def _settled(self, turn: DegradedTurn, became: Recovered) -> None:
        self.settled.append(turn.reply_id)
        self.became.append(became)

    def keep(self, *turns: DegradedTurn) -> None:
        for turn in turns:
            assert self.spool.append(encode(turn, self.store.cipher(turn.session))) == "written"

    def merge(self) -> int:
        return self.merger.merge()


def now() -> int:
    return int(time.time() * 1000)


def degraded(session: Session, said: str = "lost?", **other: Any) -> DegradedTurn:
    """A turn that a web process answered itself, a moment ago."""
    known = {
        "session": session,
        "reply_id": submissions.new_id(),
        "reason": "store_unavailable",
        "accepted_at": now(),
        "finished_at": now() + 5,
        "request": (Text(said),),
        "answer": Answered(parts=(Text("no"),), model="m-1", asked="m", usage=Usage(), complete=True),
    }
    return DegradedTurn(**(known | other))


def accepted(store: Store, turn: DegradedTurn, on_busy: OnBusy = "queue", key: str | None = None) -> None:
    """Let the store accept a turn's message after all, as when a call was heard that nobody waited for."""
    said = Submission(parts=turn.request, on_busy=on_busy, idempotency_key=key)
    submissions.submit(store, turn.session, said, turn.reply_id)


def note_of(store: Store, session: Session) -> str:
    """Give the key under which it stands when a session was deleted."""
    digest = sha1(str(session).encode(), usedforsecurity=False).hexdigest()
    return f"bs:{{{session.shard(store.settings.shards)}}}:deleted:{digest}"
