"""What workers do at the store, in a word each: for tests that are about something else."""

from __future__ import annotations

from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, sessions, turns
from backscroll.store.compactions import Brought, Snapshot
from backscroll.store.redis import Store
from backscroll.store.turns import Completed, Ended, Turn


def claim(store: Store, session: Session, token: str) -> Turn:
    turn = turns.claim(store, session, token, ceiling=1000)
    assert turn is not None
    return turn


def commit(store: Store, turn: Turn, answer: str = "hi", *, go_on: bool = False) -> Ended:
    completed = Completed(
        parts=(Text(answer),),
        model="m",
        usage=Usage(),
        tokens=9,
        complete=True,
        compaction_due=False,
        finished_at=1,
    )
    return turns.commit(store, turn, completed, go_on=go_on, ceiling=1000)


def texts(store: Store, session: Session) -> list[str]:
    return [message.text for message in sessions.transcript(store, session).messages]


def bring(store: Store, snapshot: Snapshot, last: int, *, again: bool = False) -> Brought:
    """Write back a chapter about the messages of a snapshot up to seq `last`."""
    chapter = Chapter(
        first=snapshot.watermark + 1,
        last=last,
        text="a summary",
        model="m",
        prompt="1",
        ts=1,
        tokens_before=9,
        tokens_after=2,
    )
    return compactions.write_back(store, snapshot, chapter, saved=7, again=again)
