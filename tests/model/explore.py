"""An explorer of states: all that can be reached, what is wrong there, and from where no way leads on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)

# Its name; whether it is fair: it happens sooner or later, if it stays possible; where it leads; and the rule
# that it breaks, if any.
Step = tuple[str, bool, State, str | None]


class Violation(Exception):
    """A rule does not hold; `path` is a shortest way to where it does not, as names of steps."""

    def __init__(self, rule: str, path: tuple[str, ...]) -> None:
        super().__init__("\n".join([rule, *(f"{place:4}. {name}" for place, name in enumerate(path, 1))]))
        self.rule = rule
        self.path = path


class Explored(Generic[State]):
    """What was found: the `states`, nearest first, and how many `transitions` there are between them."""

    def __init__(self, start: State) -> None:
        self.states = [start]
        self.transitions = 0
        self._reached_by = [(0, "")]
        self._fair_into: list[list[int]] = [[]]

    def path(self, number: int) -> tuple[str, ...]:
        """Give the names of the steps that lead to a state, as few as can be."""
        names: list[str] = []
        while number:
            number, name = self._reached_by[number]
            names.append(name)
        return tuple(reversed(names))

    def nearest(self, wanted: Callable[[State], bool]) -> tuple[str, ...] | None:
        """Give the path to the nearest state that is `wanted`, or None where there is none."""
        return next((self.path(number) for number, state in enumerate(self.states) if wanted(state)), None)

    def check_leads_to(self, goal: Callable[[State], bool], rule: str) -> None:
        """Check that from every state, fair steps alone lead to one that satisfies `goal`.

        Then every run that is fair gets there: wherever it is, a way leads on, and no step of it is put
        off for ever.

        Raises:
            Violation: of `rule`, with the path to the nearest state from which it cannot be reached.
        """
        able = [goal(state) for state in self.states]
        todo = [number for number, is_goal in enumerate(able) if is_goal]
        while todo:
            for before in self._fair_into[todo.pop()]:
                if not able[before]:
                    able[before] = True
                    todo.append(before)
        if not all(able):
            raise Violation(rule, self.path(able.index(False)))

    def _add(self, state: State, number: int, name: str) -> int:
        self.states.append(state)
        self._reached_by.append((number, name))
        self._fair_into.append([])
        return len(self.states) - 1


def explore(
    start: State,
    steps: Callable[[State], Iterable[Step[State]]],
    *,
    broken_in: Callable[[State], str | None],
) -> Explored[State]:
    """Visit every state that can be reached, nearest first.

    Args:
        start: where it begins.
        steps: what may happen in a state.
        broken_in: names the rule that a state breaks, if any.

    Raises:
        Violation: of the first rule that a state, or a step, was found to break.
    """
    found = Explored(start)
    known = {start: 0}
    for number, state in enumerate(found.states):  # grows while it is walked through
        broken = broken_in(state)
        if broken is not None:
            raise Violation(broken, found.path(number))
        for name, fair, after, broken_by in steps(state):
            if broken_by is not None:
                raise Violation(broken_by, (*found.path(number), name))
            reached = known.get(after)
            if reached is None:
                reached = known[after] = found._add(after, number, name)
            if fair:
                found._fair_into[reached].append(number)
            found.transitions += 1
    return found
