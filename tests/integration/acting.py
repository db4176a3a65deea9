"""What workers do at the store, in a word each: for tests that are about something else."""

from __future__ import annotations

import redis as redis_py

from backscroll.ledger.ledger import Ledger
from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, keys, sessions, submissions, turns
from backscroll.store.compactions import FREE, Brought, Change, Cost, Merge, Snapshot
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from backscroll.store.turns import Completed, Ended, Turn


def claim(store: Store, session: Session, token: str) -> Turn:
    turn = turns.claim(store, session, token, ceiling=1000)
    assert turn is not None
    return turn


def commit(
    store: Store,
    turn: Turn,
    answer: str = "hi",
    *,
    go_on: bool = False,
    tokens: int = 9,
    measured: bool = False,
    due: bool = False,
    untold: bytes = b"",
) -> Ended:
    completed = Completed(
        parts=(Text(answer),),
        model="m",
        asked="m",
        usage=Usage(),
        tokens=tokens,
        measured=measured,
        complete=True,
        compaction_due=due,
        finished_at=1,
    )
    return turns.commit(store, turn, completed, go_on=go_on, ceiling=1000, untold=untold)


def talk(store: Store, session: Session, turns: int) -> None:
    """Have further turns in the session."""
    for _ in range(turns):
        said = submissions.submit(store, session, Submission(parts=(Text("said"),)))
        commit(store, claim(store, session, said.reply_id), f"answer to {said.reply_id}")


def begin(store: Store, session: Session, token: str) -> Snapshot:
    snapshot = compactions.begin(store, session, token)
    assert snapshot is not None
    return snapshot


def key(store: Store, session: Session, name: str) -> str:
    """Give one of the session's keys by its last word."""
    return next(key for key in keys.of_session(session, store.settings.shards) if key.endswith(f":{name}"))


def raw(redis: redis_py.Redis, store: Store, session: Session, name: str) -> list[bytes]:
    """Give one of the session's lists as it is stored."""
    return redis.lrange(key(store, session, name), 0, -1)


def texts(store: Store, session: Session) -> list[str]:
    return [message.text for message in sessions.transcript(store, session).messages]


def chapter(first: int, last: int, *, level: int = 0) -> Chapter:
    return Chapter(
        first=first,
        last=last,
        text="a summary",
        level=level,
        model="m",
        prompt="1",
        ts=1,
        tokens_before=9,
        tokens_after=2,
    )


def bring(
    store: Store,
    snapshot: Snapshot,
    last: int,
    *,
    again: bool = False,
    ledger: Ledger | None = None,
    merge: Merge | None = None,
    cost: Cost = FREE,
) -> Brought:
    """Write back a chapter about the messages of a snapshot up to seq `last`."""
    change = Change(
        chapter=chapter(snapshot.watermark + 1, last),
        ledger=snapshot.ledger if ledger is None else ledger,
        merge=merge,
        saved=7,
        again=again,
        cost=cost,
    )
    return compactions.write_back(store, snapshot, change)


def merged(snapshot: Snapshot, first: int, count: int) -> Merge:
    """Make one chapter of `count` of a snapshot's, from index `first` on."""
    replaced = snapshot.chapters[first : first + count]
    level = max(each.level for each in replaced) + 1
    return Merge(first=first, count=count, chapter=chapter(replaced[0].first, replaced[-1].last, level=level))
