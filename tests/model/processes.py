"""What a worker and a compaction worker may do next: the calls they make, and every way these can end.

A call runs and its answer arrives; or it runs and the answer is lost, and the process makes the same call
again later, with anything between the two; or the process is gone before, between or after. A process that
is paused is one that does not move while the others do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.model import turn_scripts as turns
from tests.model.compaction_scripts import (
    begin_compaction,
    end_compaction,
    forgotten_compaction,
    write_back,
)
from tests.model.rules import Rules
from tests.model.state import Change, Compactor, Store, Worker, forgotten
from tests.model.turn_scripts import Ending, Result, named

RECENT_TURNS = 1

_ENDINGS: dict[str, Ending] = {"commit": turns.commit, "fail": turns.fail, "snooze": turns.snooze}

Process = Worker | Compactor


class Move(NamedTuple):
    """A step of one process: what it leaves in Redis and becomes, whether a bell brought it about or is rung
    by it, and whether the process now takes a turn for ended by itself.

    A fair one happens sooner or later, if it stays possible; the others may never happen.
    """

    name: str
    fair: bool
    store: Store
    process: Any  # of the kind that moved
    answers_bell: bool = False
    ring: bool = False
    ring_compaction: bool = False
    believes: bool = False


def worker_moves(rules: Rules, store: Store, worker: Worker, token: int) -> Iterator[Move]:
    """Give what a worker, whose token is `token`, may do next; as answering.py has it."""
    gone = forgotten(store, token)
    if worker.phase in ("idle", "claiming"):
        yield from _claims(rules, store, worker, token)
    else:
        yield from _endings(rules, store, worker, token)
        if not rules.copies_come_in_time:
            for result in turns.claim(rules, store, token):
                yield Move(f"claim: {result.answer}, a late copy", False, result.store, worker)
        if turns.renew(store, token).answer == "lost":
            yield Move("renew: the lease is lost", True, gone, Worker())
    if worker.phase != "idle":
        yield Move("a worker is killed", False, gone, Worker())


def _claims(rules: Rules, store: Store, worker: Worker, token: int) -> Iterator[Move]:
    again = worker.phase == "claiming"
    for result in turns.claim(rules, store, token):
        if result.answer == "turn":
            message = result.store.inbox[0]
            name = f"claim: {named(message)}"
            after, learned = result.store, Worker("working", message, result.store.last)
        else:
            name = f"claim: {result.answer}"
            after, learned = forgotten(result.store, token), Worker()
        if again:
            yield Move(f"{name}, asked again", True, after, learned)
            continue
        yield Move(name, True, after, learned, answers_bell=True)
        # Nobody needs a bell to claim: one may come twice, and the library claims by itself.
        yield Move(f"{name}, unbidden", False, after, learned)
        if result.answer == "turn":
            yield Move(f"{name}, the answer lost", False, after, Worker("claiming"), answers_bell=True)
            yield Move(f"{name}, unbidden, the answer lost", False, after, Worker("claiming"))


def _endings(rules: Rules, store: Store, worker: Worker, token: int) -> Iterator[Move]:
    chosen = worker.phase != "working"
    for ending in (worker.phase,) if chosen else _ENDINGS:
        for choice in (True, False):
            result = _ENDINGS[ending](rules, store, token, worker.message, worker.last, choice)
            name = f"{ending}: {named(worker.message)}, {result.answer}"
            fair = chosen or ending == "commit"
            yield _answered(name, fair, result, token)
            if not chosen:
                waiting = worker._replace(phase=ending)
                yield Move(f"{name}, the answer lost", False, result.store, waiting)


def _answered(name: str, fair: bool, result: Result, token: int) -> Move:
    if result.answer == "turn":
        after, learned = result.store, Worker("working", result.store.inbox[0], result.store.last)
    else:
        after, learned = forgotten(result.store, token), Worker()
    believes = result.answer != "lost"
    return Move(name, fair, after, learned, False, result.ring, result.ring_compaction, believes)


def compactor_moves(rules: Rules, store: Store, compactor: Compactor, token: int) -> Iterator[Move]:
    """Give what a compaction worker, whose token is `token`, may do next; as compact.py has it."""
    if compactor.phase in ("idle", "beginning"):
        yield from _beginnings(rules, store, compactor, token)
    else:
        yield from _compactions(rules, store, compactor, token)
    if compactor.phase != "idle":
        gone = forgotten_compaction(store, token)
        yield Move("a compaction worker is killed", False, gone, Compactor())


def _beginnings(rules: Rules, store: Store, compactor: Compactor, token: int) -> Iterator[Move]:
    for result in begin_compaction(rules, store, token):
        name = f"begin_compaction: {result.answer}"
        if result.answer == "snapshot":
            after, learned = result.store, Compactor("summarising", result.store.watermark, result.store.live)
        else:
            after, learned = forgotten_compaction(result.store, token), Compactor()
        if compactor.phase == "beginning":
            yield Move(f"{name}, asked again", True, after, learned)
            continue
        yield Move(name, True, after, learned, answers_bell=True)
        yield Move(f"{name}, unbidden", False, after, learned)
        if result.answer == "snapshot":
            lost = f"{name}, unbidden, the answer lost"
            yield Move(lost, False, after, Compactor("beginning"))


def _compactions(rules: Rules, store: Store, compactor: Compactor, token: int) -> Iterator[Move]:
    for call in _calls(compactor):
        if call.phase == "write_back":
            covered = call.turns[: call.to - call.start]
            change = Change(token, call.start, call.to, covered)
            result = write_back(rules, store, change, call.again)
        else:
            result = end_compaction(rules, store, token, call.phase)
        name = f"{call.phase}: {call.start + 1} to {call.to}, {result.answer}"
        fair = call.phase in ("write_back", "finish") or call == compactor
        after = forgotten_compaction(result.store, token)
        yield Move(name, fair, after, Compactor(), ring_compaction=call.phase == "give_back")
        if call != compactor:
            yield Move(f"{name}, the answer lost", False, result.store, call)


def _calls(compactor: Compactor) -> Iterator[Compactor]:
    """Give the calls that may bring a compaction home, each as the state of who makes it again."""
    if compactor.phase != "summarising":
        yield compactor
        return
    count = len(compactor.turns) - RECENT_TURNS
    if count <= 0:
        yield compactor._replace(phase="finish")
        return
    yield compactor._replace(phase="write_back", to=compactor.start + count)
    if count > 1:  # a snapshot that is cut off covers less, and knows that there is more
        yield compactor._replace(phase="write_back", to=compactor.start + count - 1, again=True)
    yield compactor._replace(phase="refuse")
    yield compactor._replace(phase="give_back")
