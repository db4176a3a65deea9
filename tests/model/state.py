"""What the protocol's state is made of: what Redis holds of one session, and what the processes remember.

Time is not counted. An entry in an index, a pause and a lease are there or not, and one that is there
may run out at any moment: every step that looks at a clock is tried both ways.

A turn counts as one seq here, because its two messages are always written together. Tokens are small
numbers: a process that has one goes by its own number, and those of processes that forgot theirs are told
apart only as far as Redis can tell them apart.
"""

from __future__ import annotations

from typing import NamedTuple

NOBODY, ORPHAN = 0, 9
# Of an ended reply: with an answer, which is in the history, or without.
KEPT = frozenset({"completed", "incomplete"})
TERMINAL = KEPT | {"failed", "cancelled"}


class Reply(NamedTuple):
    """`…:reply:<id>`: status, the token of who took it up last, attempts. No status: not accepted yet."""

    status: str = ""
    token: int = NOBODY
    attempts: int = 0


class Turn(NamedTuple):
    """An element of the history: its seq, and the message that it answers."""

    seq: int
    message: str


class Change(NamedTuple):
    """A compaction's change: covers what follows seq `start` up to `to`, and archives these `turns`."""

    id: int
    start: int
    to: int
    turns: tuple[Turn, ...]


class _Held(NamedTuple):
    replies: tuple[Reply, ...]
    inbox: tuple[int, ...] = ()
    lock: int = NOBODY
    asleep: bool = False
    due: bool = False
    last: int = 1
    watermark: int = 0
    live: tuple[Turn, ...] = (Turn(1, "earlier"),)
    chapters: tuple[tuple[int, int], ...] = ()
    archive: tuple[Turn, ...] = ()
    compaction: int = NOBODY
    last_change: int = NOBODY
    offer: Change | None = None
    compactions: bool = False
    noted: bool = False  # only without the rule `next_turn_tells`


class Store(_Held):
    """What Redis holds of the session; `due`, `compactions`: whether it stands in the shard's index."""

    __slots__ = ()
    # Every store is kept once (see Protocol), and to hash what it holds takes longer than the rest of a step.
    __hash__ = object.__hash__


class Worker(NamedTuple):
    """A reply worker: idle, or what it is about and with which turn.

    `claiming`, `commit`, `fail` and `snooze` are calls whose answer was lost and which it makes again.
    """

    phase: str = "idle"
    message: int = 0
    last: int = 0


class Compactor(NamedTuple):
    """A compaction worker: idle, or what it is about, its snapshot, and the change that it made of it.

    `beginning`, `write_back`, `refuse`, `give_back` and `finish` are calls that it makes again.
    """

    phase: str = "idle"
    start: int = 0
    turns: tuple[Turn, ...] = ()
    to: int = 0
    again: bool = False


class State(NamedTuple):
    """Redis, the processes, and whether a doorbell of each kind is on its way."""

    store: Store
    workers: tuple[Worker, ...]
    compactors: tuple[Compactor, ...]
    bell: bool = False
    compaction_bell: bool = False


def initial(*, messages: int, workers: int, compactors: int) -> State:
    """Give a session with one earlier turn, before any of its further `messages` is sent."""
    return State(Store((Reply(),) * messages), (Worker(),) * workers, (Compactor(),) * compactors)


def forgotten(store: Store, token: int) -> Store:
    """Give the store as it is once no worker remembers `token`; only the lock may still hold it."""
    left = ORPHAN if store.lock == token else NOBODY
    replies = tuple(
        reply if reply.token != token else reply._replace(token=left if _open(reply) else NOBODY)
        for reply in store.replies
    )
    return store._replace(lock=ORPHAN if store.lock == token else store.lock, replies=replies)


def exchanged(store: Store) -> Store:
    """Give the store with the tokens of the first and the second worker exchanged."""
    replies = tuple(reply._replace(token=_EXCHANGED[reply.token]) for reply in store.replies)
    return store._replace(replies=replies, lock=_EXCHANGED[store.lock])


def exchanged_compactions(store: Store) -> Store:
    """Give the store with the tokens of the first and the second compaction exchanged."""
    offer = store.offer
    return store._replace(
        compaction=_EXCHANGED[store.compaction],
        last_change=_EXCHANGED[store.last_change],
        offer=offer and offer._replace(id=_EXCHANGED[offer.id]),
    )


_EXCHANGED = {NOBODY: NOBODY, 1: 2, 2: 1, ORPHAN: ORPHAN}


def _open(reply: Reply) -> bool:
    return reply.status not in TERMINAL
