"""The measured window, held against conversations that are played by the plan's own rules."""

from __future__ import annotations

import pytest
from hypothesis import given as drawing
from hypothesis import strategies as st
from msgspec.structs import replace

from backscroll.compaction.window import Window, cheapest_cycle, given, measured
from backscroll.settings import BudgetSettings
from backscroll.store.meter import Meter
from tests.unit.conversing import Paid, converse
from tests.unit.measured import drawn, meter_of

AUTO = BudgetSettings(recent_turns="auto")
budgets = st.builds(
    BudgetSettings,
    recent_turns=st.just("auto"),
    context_tokens=st.integers(100, 40_000),
    recent_tokens=st.integers(100, 40_000),
    chapter_tokens=st.integers(100, 2000),
    chapters_tokens=st.integers(100, 8000),
    ledger_tokens=st.integers(0, 4000),
)
# Support, long talks, tools, and the size that the defaults were made for.
MEANS = [20, 64, 190, 312, 450, 600, 1000]


def window_for(found: list[int], budget: BudgetSettings = AUTO) -> Window:
    return measured(meter_of(found), budget)


def cycle(window: Window) -> int:
    return window.trigger_turns + 1 - window.recent_turns


def every_cycle(found: list[int], window: Window, budget: BudgetSettings = AUTO) -> list[Paid]:
    """Hold the same conversation with other cycles."""
    return [
        converse(found, replace(window, trigger_turns=window.recent_turns + turns - 1), budget)
        for turns in (1, 2, 3, 5, 7, 9, 12, 15, 18, 21, 25, 30, 36, 44, 52, 60)
    ]


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("kind", ["alike", "drawn"])
def test_no_other_cycle_is_more_than_a_twentieth_cheaper(mean: int, kind: str) -> None:
    found = [mean] * 300 if kind == "alike" else drawn(mean)
    window = window_for(found)
    cheapest = min(paid.cost for paid in every_cycle(found, window))
    assert converse(found, window, AUTO).cost <= 1.05 * cheapest


@pytest.mark.parametrize("ledger", [0, 500, 3000])
@pytest.mark.parametrize("recent_tokens", [600, 2000, 12_000])
def test_nor_more_than_a_tenth_for_other_bounds_of_ledger_and_recent_turns(
    ledger: int, recent_tokens: int
) -> None:
    budget = replace(AUTO, ledger_tokens=ledger, recent_tokens=recent_tokens)
    found = drawn(150)
    window = window_for(found, budget)
    cheapest = min(paid.cost for paid in every_cycle(found, window, budget))
    assert converse(found, window, budget).cost <= 1.1 * cheapest


@pytest.mark.parametrize("turn", [20.0, 150.0, 900.0])
@pytest.mark.parametrize("recent", [1, 5, 10])
@pytest.mark.parametrize("changing", [0.0, 400.0, 2700.0])
def test_the_formula_gives_the_least_of_what_it_weighs(turn: float, recent: int, changing: float) -> None:
    def weighed(turns: int) -> float:
        return 0.9 * (recent * turn + changing) / turns + 0.05 * turns * turn

    least = min(range(1, 400), key=weighed)
    assert weighed(cheapest_cycle(turn, recent, changing)) == pytest.approx(weighed(least), rel=0.01)


@pytest.mark.parametrize("mean", [20, 64, 190, 312, 450])
@pytest.mark.parametrize("kind", ["alike", "drawn"])
def test_nine_tenths_of_what_is_sent_are_a_stable_prefix(mean: int, kind: str) -> None:
    found = [mean] * 300 if kind == "alike" else drawn(mean)
    assert converse(found, window_for(found), AUTO).stable_share >= 0.9


def test_larger_turns_have_a_stable_prefix_where_the_context_has_room_for_it() -> None:
    found = drawn(900)
    budget = replace(AUTO, context_tokens=30_000, recent_tokens=20_000)
    assert converse(found, window_for(found, budget), budget).stable_share >= 0.9
    # In 15,000 tokens a turn of 900 is new by itself to nearly a tenth of the prompt.
    assert 0.8 < converse(found, window_for(found), AUTO).stable_share < 0.9


@pytest.mark.parametrize("mean", [20, 64, 190, 312, 600])
@pytest.mark.parametrize("kind", ["alike", "drawn"])
def test_ten_and_fourteen_keep_three_quarters_stable(mean: int, kind: str) -> None:
    found = [mean] * 300 if kind == "alike" else drawn(mean)
    assert converse(found, given(BudgetSettings()), AUTO).stable_share >= 0.75


@pytest.mark.parametrize("mean", MEANS)
def test_it_costs_less_than_ten_and_fourteen(mean: int) -> None:
    found = drawn(mean)
    fixed = converse(found, given(BudgetSettings()), AUTO)
    own = converse(found, window_for(found), AUTO)
    assert own.cost < 0.9 * fixed.cost
    assert own.compactions < fixed.compactions


@drawing(st.lists(st.integers(1, 30_000), min_size=50, max_size=80), budgets)
def test_whatever_was_measured_gives_a_window_that_settings_could_give(
    found: list[int], budget: BudgetSettings
) -> None:
    window = window_for(found, budget)
    assert 1 <= window.recent_turns <= 10
    assert window.trigger_turns >= window.recent_turns
    assert (window.recent_tokens, window.context_tokens) == (budget.recent_tokens, budget.context_tokens)


@drawing(st.integers(1, 5000), budgets)
def test_notes_and_the_most_live_turns_stay_within_the_context(turn: int, budget: BudgetSettings) -> None:
    window = window_for([turn] * 50, budget)
    notes = budget.chapters_tokens + budget.ledger_tokens
    if window.trigger_turns > 1:
        assert notes + window.trigger_turns * turn <= budget.context_tokens


@pytest.mark.parametrize("mean", MEANS)
def test_a_larger_context_never_makes_compactions_more_frequent(mean: int) -> None:
    found = drawn(mean)
    cycles = [
        cycle(window_for(found, replace(AUTO, context_tokens=size))) for size in (5_000, 15_000, 40_000)
    ]
    assert cycles == sorted(cycles)


def test_ten_turns_stay_where_they_fit_and_fewer_where_they_do_not() -> None:
    roomy = replace(AUTO, context_tokens=1_000_000, recent_tokens=12_000)
    assert window_for([600] * 300, roomy).recent_turns == 10
    assert window_for([1200] * 300, roomy).recent_turns == 10
    assert window_for([1201] * 300, roomy).recent_turns == 9
    assert window_for([600] * 240 + [3000] * 60, roomy).recent_turns < 8, "11 on average, but some are large"
    assert window_for([50_000] * 300, roomy).recent_turns == 1


def test_recent_turns_give_way_before_the_cycle_gets_too_short() -> None:
    window = window_for([600] * 300)
    assert (window.recent_turns, cycle(window)) == (6, 13)
    assert cycle(window) == cheapest_cycle(600, 6, 3200) - 1, (
        "what is missing is what a third of the room costs"
    )


def test_fewer_than_fifty_turns_say_nothing_yet() -> None:
    assert window_for([64] * 49) == given(AUTO) == given(BudgetSettings())
    assert window_for([64] * 50) != given(AUTO)
    assert measured(Meter(), AUTO) == given(AUTO)
