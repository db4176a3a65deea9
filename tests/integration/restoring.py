"""What tests of restoring begin with, and look at in the end."""

from __future__ import annotations

import redis as redis_py

from backscroll.ledger.ledger import Ledger, Pending, Said
from backscroll.messages.archive import unpack
from backscroll.session import Session
from backscroll.store import sessions
from backscroll.store.redis import Store
from tests.integration.acting import begin, bring, merged, raw

# A chapter of these tests stands for 9 tokens and has 2; a session that was talked in has 9.
AMPLE = 1000

LISTS = ("live", "chapters", "archive")


def said(*seqs: int) -> Ledger:
    return Ledger(
        said=tuple(Said(seq, "user", 1, ()) for seq in seqs),
        pending=tuple(Pending(seq, "user", 1, "task", "to do") for seq in seqs),
        dropped=3,
    )


def compact(store: Store, session: Session, *lasts: int, merge: tuple[int, int] | None = None) -> None:
    """Cover the messages up to each of `lasts` by a chapter, and note all covered seqs in the ledger."""
    for last in lasts:
        snapshot = begin(store, session, f"c{last}")
        merge_now = merged(snapshot, *merge) if merge else None
        assert bring(store, snapshot, last, ledger=said(*range(1, last + 1)), merge=merge_now) == "applied"


def stored(redis: redis_py.Redis, store: Store, session: Session) -> dict[str, list[bytes]]:
    return {name: raw(redis, store, session, name) for name in LISTS}


def check_whole(redis: redis_py.Redis, store: Store, session: Session) -> None:
    """Check that chapters and archive cover exactly 1…watermark, and all messages are there in order."""
    state = sessions.state(store, session)
    covered = [seq for chapter in state.chapters for seq in range(chapter.first, chapter.last + 1)]
    archived = [seq for block in raw(redis, store, session, "archive") for seq, _ in unpack(block)]
    assert covered == archived == list(range(1, state.watermark + 1))
    messages = sessions.transcript(store, session).messages
    assert [message.seq for message in messages] == list(range(1, state.messages + 1))
    assert [message.role for message in messages] == ["user", "model"] * (state.messages // 2)
    live = sessions.read_context(store, session).messages
    assert [message.seq for message in live] == list(range(state.watermark + 1, state.messages + 1))
