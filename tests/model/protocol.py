"""The protocol: every step from a state to the next, and which rule it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.model import invariants
from tests.model.explore import Explored, Step, explore
from tests.model.processes import Move, Process, compactor_moves, worker_moves
from tests.model.rules import Rules
from tests.model.state import (
    NOBODY,
    Compactor,
    State,
    Store,
    Worker,
    exchanged,
    exchanged_compactions,
    initial,
)
from tests.model.surroundings import surrounding_moves

_Judged = tuple[tuple[Move, str | None], ...]


class Protocol:
    """The steps that the protocol allows under `rules`, with at most two processes of a kind.

    What a process may do depends on Redis and on itself alone, so it is worked out, and judged, once for
    each such pair. Each store is kept once: states can be told apart by which one they have (see Store).
    """

    def __init__(self, rules: Rules, *, messages: int, workers: int, compactors: int) -> None:
        self._rules = rules
        self._stores: dict[tuple[object, ...], Store] = {}
        self._moves: dict[tuple[Store, Process | None, int], _Judged] = {}
        self._exchanged: dict[tuple[Store, bool], Store] = {}
        self._broken: dict[Store, str | None] = {}
        start = initial(messages=messages, workers=workers, compactors=compactors)
        self.start = start._replace(store=self._kept(start.store))

    def steps(self, state: State) -> Iterator[Step[State]]:
        """Give every step that is possible in `state`."""
        store, workers, compactors, bell, called = state
        if bell:
            yield "a bell is lost", False, State(store, workers, compactors, False, called), None
        if called:
            yield "a compaction bell is lost", False, State(store, workers, compactors, bell, False), None
        for (name, fair, after, _, _, ring, call, _), broken in self._known(store, None, NOBODY):
            yield name, fair, State(after, workers, compactors, bell or ring, called or call), broken
        yield from self._of_workers(state)
        yield from self._of_compactors(state)

    def _of_workers(self, state: State) -> Iterator[Step[State]]:
        store, workers, compactors, bell, called = state
        for place, worker in _distinct(workers):
            for (name, fair, after, now, answers, ring, call, _), broken in self._known(store, worker, place):
                if answers and not bell:
                    continue
                both = (*workers[: place - 1], now, *workers[place:])
                # Which of two workers is which makes no difference: one state stands for both.
                if both[0] > both[-1]:
                    after, both = self._swapped(after, False), both[::-1]
                rung = ring or (bell and not answers)
                yield name, fair, State(after, both, compactors, rung, called or call), broken

    def _of_compactors(self, state: State) -> Iterator[Step[State]]:
        store, workers, compactors, bell, called = state
        for place, compactor in _distinct(compactors):
            for (name, fair, after, now, answers, _, call, _), broken in self._known(store, compactor, place):
                if answers and not called:
                    continue
                both = (*compactors[: place - 1], now, *compactors[place:])
                if both[0] > both[-1]:
                    after, both = self._swapped(after, True), both[::-1]
                rung = call or (called and not answers)
                yield name, fair, State(after, workers, both, bell, rung), broken

    def broken_in(self, state: State) -> str | None:
        """Name the rule that `state` breaks, if any."""
        if state.store not in self._broken:
            self._broken[state.store] = invariants.broken_in(state.store)
        return self._broken[state.store] or invariants.unseen(state)

    def _known(self, store: Store, process: Process | None, token: int) -> _Judged:
        key = (store, process, token)
        known = self._moves.get(key)
        if known is None:
            moves = self._different(store, process, token)
            known = tuple((move, invariants.broken_by(store, process, token, move)) for move in moves)
            self._moves[key] = known
        return known

    def _different(self, store: Store, process: Process | None, token: int) -> Iterable[Move]:
        """Leave out what changes nothing, and one of two moves that change the same."""
        found: dict[tuple[object, ...], Move] = {}
        for move in self._possible(store, process, token):
            kept = move._replace(store=self._kept(move.store))
            effect = kept[2:]
            if effect == (store, process, False, False, False, False):
                continue
            if effect not in found or (kept.fair and not found[effect].fair):
                found[effect] = kept
        return found.values()

    def _possible(self, store: Store, process: Process | None, token: int) -> Iterator[Move]:
        if isinstance(process, Worker):
            return worker_moves(self._rules, store, process, token)
        if isinstance(process, Compactor):
            return compactor_moves(self._rules, store, process, token)
        return surrounding_moves(self._rules, store)

    def _kept(self, store: Store) -> Store:
        return self._stores.setdefault(tuple(store), store)

    def _swapped(self, store: Store, compactions: bool) -> Store:
        key = (store, compactions)
        if key not in self._exchanged:
            change = exchanged_compactions if compactions else exchanged
            self._exchanged[key] = self._kept(change(store))
        return self._exchanged[key]


def _distinct(processes: tuple[Worker, ...] | tuple[Compactor, ...]) -> Iterable[tuple[int, Process]]:
    """Number the processes, the first of two idle ones only: whichever comes makes no difference."""
    idle = len(processes) == 2 and processes[0].phase == processes[1].phase == "idle"
    return enumerate(processes[:1] if idle else processes, 1)


def explored(rules: Rules, *, messages: int = 2, workers: int, compactors: int) -> Explored[State]:
    """Visit every state that the protocol can get into under `rules`.

    Raises:
        Violation: of the first invariant that does not hold.
    """
    protocol = Protocol(rules, messages=messages, workers=workers, compactors=compactors)
    return explore(protocol.start, protocol.steps, broken_in=protocol.broken_in)
