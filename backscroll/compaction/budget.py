"""The budget: what turns cost, what the present window makes of that, and which one would serve better."""

from __future__ import annotations

import msgspec

from backscroll.compaction.forecast import Forecast, forecast
from backscroll.compaction.sizes import TurnSizes, turn_sizes
from backscroll.compaction.window import ENOUGH_TURNS, Window, given, measured
from backscroll.settings import BudgetSettings, Settings, variable
from backscroll.store.meter import Meter


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Turns that the model has measured, and their tokens; None where there were none."""

    turns: int
    mean: float | None = None
    p50: int | None = None
    p95: int | None = None


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A window, and what is to be expected of it; None where nothing was measured."""

    window: Window
    forecast: Forecast | None


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What compaction has cost so far, and what it has taken out of contexts."""

    compactions: int
    discarded: int
    refused: dict[str, int]
    summary_calls: int
    summary_input_tokens: int
    summary_output_tokens: int
    tokens_saved: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `recommended` is None while fewer than 50 turns are measured.

    `environment` gives the recommended window, `environment_auto` lets it follow what is measured.
    """

    settings: BudgetSettings
    target: int
    enough_turns: int = ENOUGH_TURNS
    measured: Measured
    present: Column
    recommended: Column | None = None
    environment: dict[str, str] = {}
    environment_auto: dict[str, str] = {}
    spent: Spent


def report(meter: Meter, settings: Settings, target: int) -> Report:
    """Put the report together.

    Args:
        meter: what was measured.
        settings: those of this process, which stand for the deployment's.
        target: the `CONTEXT_TOKENS` that the recommendation is for.
    """
    sizes, budget = turn_sizes(meter), settings.budget
    now = measured(meter, budget) if budget.recent_turns == "auto" else given(budget)
    made = Report(
        settings=budget,
        target=target,
        measured=_measured(sizes),
        present=_column(sizes, now, settings),
        spent=Spent(**{name: getattr(meter, name) for name in Spent.__struct_fields__}),
    )
    if sizes is None or sizes.turns < ENOUGH_TURNS:
        return made
    better = measured(meter, msgspec.structs.replace(budget, context_tokens=target))
    other = {"context_tokens": target} if target != budget.context_tokens else {}
    fixed = {"recent_turns": better.recent_turns, "trigger_turns": better.trigger_turns, **other}
    return msgspec.structs.replace(
        made,
        recommended=_column(sizes, better, settings),
        environment={variable(name): str(value) for name, value in fixed.items()},
        environment_auto={
            variable(name): str(value) for name, value in {"recent_turns": "auto", **other}.items()
        },
    )


def _measured(sizes: TurnSizes | None) -> Measured:
    if sizes is None:
        return Measured(turns=0)
    return Measured(turns=sizes.turns, mean=round(sizes.mean, 1), p50=sizes.p50, p95=sizes.p95)


def _column(sizes: TurnSizes | None, window: Window, settings: Settings) -> Column:
    return Column(window=window, forecast=forecast(sizes, window, settings) if sizes else None)
