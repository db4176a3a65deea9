"""The explorer itself, on graphs that are small enough to be seen through."""

from __future__ import annotations

import re

import pytest

from tests.model.explore import Explored, Step, Violation, explore

# A place from which a fair way leads to the end, and a pit that has none; the loop is no way out of it.
GRAPH: dict[str, list[Step[str]]] = {
    "start": [("walk", True, "middle", None), ("jump", True, "end", None), ("fall", False, "pit", None)],
    "middle": [("walk", True, "end", None)],
    "end": [],
    "pit": [("turn", True, "pit", None), ("be pulled out", False, "end", None)],
}


def found(graph: dict[str, list[Step[str]]], wrong: str = "") -> Explored[str]:
    return explore("start", graph.__getitem__, broken_in=lambda place: "wrong" if place == wrong else None)


def test_every_state_is_visited_once_and_the_nearest_first() -> None:
    explored = found(GRAPH)
    assert explored.states == ["start", "middle", "end", "pit"]
    assert explored.transitions == 6


def test_the_way_to_a_state_that_breaks_a_rule_is_a_shortest_one() -> None:
    with pytest.raises(Violation) as caught:
        found(GRAPH, wrong="end")
    assert (caught.value.rule, caught.value.path) == ("wrong", ("jump",))


def test_a_step_that_breaks_a_rule_is_the_last_of_the_way_to_it() -> None:
    graph = GRAPH | {"middle": [("stumble", True, "end", "upright")]}
    with pytest.raises(Violation, match=re.escape("upright\n   1. walk\n   2. stumble")):
        found(graph)


def test_a_state_with_no_fair_way_to_the_goal_is_found() -> None:
    with pytest.raises(Violation) as caught:
        found(GRAPH).check_leads_to(lambda place: place == "end", "everybody arrives")
    assert (caught.value.rule, caught.value.path) == ("everybody arrives", ("fall",))


def test_nothing_is_found_where_a_fair_way_leads_on_from_everywhere() -> None:
    graph = GRAPH | {"pit": [("turn", True, "pit", None), ("climb", True, "end", None)]}
    found(graph).check_leads_to(lambda place: place == "end", "everybody arrives")


def test_the_way_to_a_state_that_is_looked_for_is_given() -> None:
    explored = found(GRAPH)
    assert explored.nearest(lambda place: place == "pit") == ("fall",)
    assert explored.nearest(lambda place: place == "sky") is None
