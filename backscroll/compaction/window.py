"""The window: how many turns stay verbatim, and when there are too many of them."""

from __future__ import annotations

import msgspec

from backscroll.settings import RECENT_TURNS, BudgetSettings


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that the plan goes by, with nothing left to measure.

    `trigger_turns` 0 leaves it to the tokens alone when a compaction is due.
    """

    recent_turns: int
    recent_tokens: int
    trigger_turns: int
    context_tokens: int


def given(budget: BudgetSettings) -> Window:
    """Take the window from the settings as they are given; `auto` stands for its default here."""
    return Window(
        recent_turns=RECENT_TURNS if budget.recent_turns == "auto" else budget.recent_turns,
        recent_tokens=budget.recent_tokens,
        trigger_turns=budget.trigger_turns,
        context_tokens=budget.context_tokens,
    )
