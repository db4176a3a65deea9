"""Processes that work on the same sessions, each of which remembers what it saw of them."""

from __future__ import annotations

import time
from random import Random
from secrets import token_hex
from typing import Any

import msgspec

from backscroll.ledger.ledger import Ledger, Said, Value
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import compactions, sessions
from backscroll.store.compactions import Snapshot
from backscroll.store.connecting import Argument
from backscroll.store.memory import NOTHING
from backscroll.store.recover import Answered, DegradedTurn, recover
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, new_id, submit
from backscroll.store.turns import Turn
from tests.integration.acting import bring, claim, commit, merged


class Heard(Store):
    """Keeps what the scripts said."""

    def __init__(self, settings: StoreSettings) -> None:
        super().__init__(settings)
        self.said: list[Any] = []

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        self.said.append(super().run(name, session, *args))
        return self.said[-1]


def noted(seq: int) -> Ledger:
    return Ledger(said=(Said(seq, "user", 1, (Value(f"value {token_hex(4)}", "name", 1, seq),)),))


def snapshot_of(worker: Store, session: Session) -> Snapshot | None:
    """Begin a compaction, and see that its snapshot is what one gets who remembers nothing."""
    token = token_hex(16)
    snapshot = compactions.begin(worker, session, token)
    other = Store(worker.settings)
    assert without_memory(snapshot) == without_memory(compactions.begin(other, session, token))
    other.close()
    return snapshot


def without_memory(snapshot: Snapshot | None) -> Snapshot | None:
    return snapshot and msgspec.structs.replace(snapshot, remembered=NOTHING, due_at=None)


def compact(store: Store, session: Session, random: Random) -> None:
    snapshot = snapshot_of(store, session)
    if snapshot is None or len(snapshot.messages) < 4:
        return
    count = len(snapshot.chapters)
    merge = merged(snapshot, random.randrange(count - 1), 2) if count > 2 and random.random() < 0.5 else None
    last = snapshot.watermark + 2 * random.randint(1, len(snapshot.messages) // 2)
    ledger = noted(last) if random.random() < 0.7 else None
    bring(store, snapshot, last, ledger=ledger, merge=merge)


def take_up(worker: Store, session: Session) -> Turn:
    """Claim a turn, and see that its context is what is stored."""
    turn = claim(worker, session, token_hex(16))
    is_what_is_stored(worker, turn)
    return turn


def is_what_is_stored(worker: Store, turn: Turn) -> None:
    assert turn.context == sessions.read_context(worker, turn.session)


def say(worker: Store, session: Session) -> None:
    submit(worker, session, Submission(parts=(Text(token_hex(8)),)))


def recovered(worker: Store, session: Session) -> None:
    """Bring in a turn that was answered while the store was away."""
    now = int(time.time() * 1000) + 10  # not before it was deleted
    turn = DegradedTurn(
        session=session,
        reply_id=new_id(),
        reason="store_unavailable",
        accepted_at=now,
        finished_at=now,
        request=(Text(token_hex(8)),),
        answer=Answered(parts=(Text("no"),), model="m-1", asked="m", usage=Usage(), complete=True),
    )
    assert recover(worker, turn)[0] == "merged"


def turn_of(worker: Store, session: Session) -> None:
    say(worker, session)
    commit(worker, take_up(worker, session), token_hex(8))
