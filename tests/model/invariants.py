"""What must hold in every state and of every step: section 10 of the design, as far as the model goes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from tests.model.processes import Move, Process
from tests.model.state import KEPT, NOBODY, ORPHAN, TERMINAL, Compactor, State, Store, Worker, forgotten
from tests.model.turn_scripts import MAX_ATTEMPTS, due, named


class Invariant(StrEnum):
    """The rules, each in a sentence."""

    ONCE = "a message is in the transcript once if it has an answer, cut off or not, and else not at all"
    ORDER = "the transcript is in the order of acceptance"
    SEQS = "seqs have no gap, and archive and live messages together are the transcript"
    PREFIX = "chapters cover an exact prefix, without gap or overlap"
    INBOX = "what was accepted has ended or stands in the inbox"
    ATTEMPTS = "a turn is tried no more often than it may be"
    HEAD = "only the head of the inbox is in work"
    LOOKED_AT = "somebody will look at a session in which a message waits"
    TAKEN = "somebody will apply an offer that waits"
    ENDED = "a reply that has ended stays as it is"
    STALE = "a stale token changes nothing"
    BELIEVED = "a worker that is late is told so, whatever it has to say"
    HELD = "a lock changes hands only when it is given up or has run out"
    HOLDER = "while a lock is held, its holder alone changes the history"
    DUE = "a compaction that is due is seen to"
    ANSWERED = "every accepted message ends, if nothing more goes wrong"
    REST = "the session comes to rest, if nothing more goes wrong"


def answered(state: State) -> bool:
    """Tell whether every message that was accepted has ended."""
    return not any(_waits(state.store, message) for message in range(len(state.store.replies)))


def at_rest(state: State) -> bool:
    """Tell whether nothing is left to be done, and nobody thinks otherwise."""
    store = state.store
    left = store.inbox or store.lock or store.due or store.offer or store.compactions or store.compaction
    phases = {worker.phase for worker in state.workers} | {each.phase for each in state.compactors}
    return not left and phases == {"idle"}


def forgotten_compaction(store: Store) -> bool:
    """Tell whether a compaction is due that nobody will see to before the next turn."""
    # A bell on its way does not count: it may be lost.
    return due(store) and not store.compactions and store.offer is None


def unseen(state: State) -> Invariant | None:
    """Name what lies in the session and nobody would ever look at."""
    store = state.store
    if store.due or state.bell or store.lock not in (NOBODY, ORPHAN):
        return None
    if store.inbox:
        return Invariant.LOOKED_AT
    return Invariant.TAKEN if store.offer else None


def broken_in(store: Store) -> Invariant | None:
    """Name the first rule that is broken by what Redis holds."""
    return next((rule for rule, holds in _IN_STORES.items() if not holds(store)), None)


def broken_by(before: Store, process: Process | None, token: int, move: Move) -> Invariant | None:
    """Name the first rule that is broken by a move from `before`, made by `process` as `token`."""
    return next((rule for rule, holds in _BY_MOVES.items() if not holds(before, process, token, move)), None)


def _waits(store: Store, message: int) -> bool:
    status = store.replies[message].status
    return status != "" and status not in TERMINAL


def _transcript(store: Store) -> tuple[str, ...]:
    return tuple(turn.message for turn in (*store.archive, *store.live))


def _once(store: Store) -> bool:
    said = _transcript(store)
    return all(
        said.count(named(message)) == (reply.status in KEPT) for message, reply in enumerate(store.replies)
    )


def _order(store: Store) -> bool:
    said = _transcript(store)[1:]
    return said == tuple(sorted(said))


def _seqs(store: Store) -> bool:
    seqs = [turn.seq for turn in (*store.archive, *store.live)]
    return seqs == list(range(1, store.last + 1))


def _prefix(store: Store) -> bool:
    ends = [0, *(last for _, last in store.chapters)]
    follow = all(first == end + 1 <= last for (first, last), end in zip(store.chapters, ends, strict=False))
    return follow and ends[-1] == store.watermark == len(store.archive)


def _inbox(store: Store) -> bool:
    waiting = (message for message in range(len(store.replies)) if _waits(store, message))
    return store.inbox == tuple(waiting)


def _attempts(store: Store) -> bool:
    return all(0 <= reply.attempts <= MAX_ATTEMPTS for reply in store.replies)


def _head(store: Store) -> bool:
    return all(store.replies[message].status == "queued" for message in store.inbox[1:])


_IN_STORES: dict[Invariant, Callable[[Store], bool]] = {
    Invariant.ONCE: _once,
    Invariant.ORDER: _order,
    Invariant.SEQS: _seqs,
    Invariant.PREFIX: _prefix,
    Invariant.INBOX: _inbox,
    Invariant.ATTEMPTS: _attempts,
    Invariant.HEAD: _head,
}


def _ended(before: Store, _process: Process | None, _token: int, move: Move) -> bool:
    return all(
        was.status not in TERMINAL or was.status == now.status
        for was, now in zip(before.replies, move.store.replies, strict=True)
    )


def _stale(before: Store, process: Process | None, token: int, move: Move) -> bool:
    if not isinstance(process, Worker) or before.lock == token:
        return True
    if process.phase in ("idle", "claiming") or move.name.startswith("claim"):
        return True
    return forgotten(before, token) == forgotten(move.store, token)


def _believed(before: Store, process: Process | None, token: int, move: Move) -> bool:
    # Who asks again, and ended the turn when it asked first, is late by now and told what it was told then.
    late = isinstance(process, Worker) and process.phase == "working" and before.lock != token
    return not (late and move.believes)


def _held(before: Store, _process: Process | None, token: int, move: Move) -> bool:
    was, now = before.lock, move.store.lock
    return was == NOBODY or now in (NOBODY, was) or (now == ORPHAN and was == token)


def _holder(before: Store, process: Process | None, token: int, move: Move) -> bool:
    mine = isinstance(process, Worker) and before.lock == token
    if before.lock == NOBODY or mine or move.store.lock == NOBODY:
        return True
    return _history(before) == _history(move.store)


def _history(store: Store) -> tuple[object, ...]:
    return store.last, store.watermark, store.live, store.chapters, store.archive


def _due(before: Store, process: Process | None, _token: int, move: Move) -> bool:
    if not forgotten_compaction(move.store) or forgotten_compaction(before):
        return True
    # Left to the next turn: what came due behind an offer, or behind a snapshot that did not have it yet;
    # and what somebody brought back, which is to stay for a while.
    behind = isinstance(process, Compactor) and process.turns and process.turns[-1].seq < before.last
    return bool(behind) or before.offer is not None or move.name == "restore"


_BY_MOVES: dict[Invariant, Callable[[Store, Process | None, int, Move], bool]] = {
    Invariant.ENDED: _ended,
    Invariant.STALE: _stale,
    Invariant.BELIEVED: _believed,
    Invariant.HELD: _held,
    Invariant.HOLDER: _holder,
    Invariant.DUE: _due,
}
