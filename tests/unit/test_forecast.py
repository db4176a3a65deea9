"""The forecast, held against conversations that are played by the plan's own rules."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backscroll.compaction.budget import report
from backscroll.compaction.forecast import TURNS, Forecast, forecast
from backscroll.compaction.sizes import turn_sizes
from backscroll.compaction.window import Window, given, measured
from backscroll.settings import BudgetSettings, ModelSettings, Settings, load
from backscroll.store.meter import Meter
from tests.unit.conversing import converse
from tests.unit.measured import drawn, meter_of

SETTINGS = Settings()
DEFAULT = given(SETTINGS.budget)


def foretold(found: list[int], window: Window = DEFAULT, settings: Settings = SETTINGS) -> Forecast:
    sizes = turn_sizes(meter_of(found))
    assert sizes is not None
    return forecast(sizes, window, settings)


@pytest.mark.parametrize("mean", [20, 64, 190, 312, 600])
@pytest.mark.parametrize("auto", [False, True], ids=["10/14", "auto"])
def test_what_is_foretold_is_what_comes(mean: int, auto: bool) -> None:
    found = drawn(mean, turns=TURNS)
    window = measured(meter_of(found), SETTINGS.budget) if auto else DEFAULT
    came, said = converse(found, window, SETTINGS.budget), foretold(found, window)
    assert said.stable_share == pytest.approx(came.stable_share, abs=0.03)
    assert said.prompt_tokens == pytest.approx(came.sent / TURNS, rel=0.1)
    assert said.cost_per_turn == pytest.approx(came.cost / TURNS, rel=0.1)
    assert said.compactions_per_100_turns == pytest.approx(100 * came.compactions / TURNS, rel=0.15)


def test_small_turns_are_compacted_by_their_number() -> None:
    said = foretold([64] * 300)
    assert (said.due, said.live_turns_fewest, said.live_turns_most) == ("turns", 10, 14)
    assert (said.live_tokens, said.compactions_per_100_turns) == (14 * 64, pytest.approx(20, abs=1))


def test_large_turns_are_compacted_by_their_tokens() -> None:
    said = foretold([2000] * 300)
    assert said.due == "tokens"
    assert said.live_turns_most < 14
    assert foretold([600] * 300, replace(DEFAULT, trigger_turns=0)).due == "tokens"


def test_what_never_comes_due_is_said_not_to() -> None:
    said = foretold([10] * 300, replace(DEFAULT, trigger_turns=0))
    assert (said.due, said.compactions_per_100_turns) == (None, 0)
    assert said.live_turns_fewest == said.live_turns_most == TURNS - 1
    assert said.stable_share > 0.99


def test_the_largest_live_part_is_larger_where_turns_differ() -> None:
    alike, differing = foretold([300] * 300), foretold([100] * 150 + [500] * 150)
    assert alike.live_tokens == differing.live_tokens
    assert alike.live_tokens_p95 < differing.live_tokens_p95


def test_the_flex_tier_halves_what_summaries_cost() -> None:
    flex = Settings(model=ModelSettings(summary_tier="flex"))
    found = [300] * 300
    cheaper = foretold(found).cost_per_turn - foretold(found, settings=flex).cost_per_turn
    assert cheaper == pytest.approx(300 / 2, rel=0.05)


def test_a_report_names_the_variables_that_give_what_it_recommends() -> None:
    said = report(meter_of(drawn(600)), SETTINGS, 30_000)
    assert said.recommended is not None
    settings = load(said.environment)
    assert given(settings.budget) == said.recommended.window
    assert settings.budget.context_tokens == 30_000
    following = load(said.environment_auto)
    assert measured(meter_of(drawn(600)), following.budget) == said.recommended.window


def test_a_target_that_is_the_present_context_is_not_set_again() -> None:
    said = report(meter_of(drawn(64)), SETTINGS, SETTINGS.budget.context_tokens)
    assert set(said.environment) == {"BACKSCROLL_RECENT_TURNS", "BACKSCROLL_TRIGGER_TURNS"}
    assert said.environment_auto == {"BACKSCROLL_RECENT_TURNS": "auto"}


def test_where_the_window_is_measured_the_present_one_is_that() -> None:
    auto = Settings(budget=BudgetSettings(recent_turns="auto"))
    said = report(meter_of(drawn(64)), auto, auto.budget.context_tokens)
    assert said.recommended is not None
    assert said.present == said.recommended


def test_a_few_turns_have_a_forecast_and_no_recommendation() -> None:
    said = report(meter_of([64] * 49), SETTINGS, 15_000)
    assert said.present.forecast is not None
    assert (said.measured.mean, said.recommended, said.environment) == (64, None, {})


def test_what_compaction_has_cost_is_told_also_before_turns_are_measured() -> None:
    said = report(Meter(compactions=3, refused={"empty": 2}, summary_input_tokens=900), SETTINGS, 15_000)
    assert (said.spent.compactions, said.spent.refused, said.spent.summary_input_tokens) == (
        3,
        {"empty": 2},
        900,
    )
    assert (said.measured.mean, said.present.forecast) == (None, None)
    assert said.present.window == DEFAULT
