"""The window: how many turns stay verbatim, and when there are too many of them."""

from __future__ import annotations

import math

import msgspec

from backscroll.compaction.sizes import TurnSizes, turn_sizes
from backscroll.settings import RECENT_TURNS, BudgetSettings
from backscroll.store.meter import Meter

# What a token costs that the model has seen at the same place before, against one that it has not.
CACHED = 0.1
# Fewer measured turns say little about those to come.
ENOUGH_TURNS = 50
# Notes of a conversation of 300 turns, in turns: an eighth of the half of it, on average.
_NOTED_TURNS = 20


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


def measured(meter: Meter, budget: BudgetSettings) -> Window:
    """Derive the window from what turns have cost so far: the one that costs the least.

    With m the mean tokens of a turn, R the turns that stay verbatim, N the turns between two compactions
    and L the tokens of notes that change with each of them:

    - a compaction makes the model read R·m + L anew, at full price instead of a tenth: 0.9·(R·m + L),
      once in N turns;
    - waiting for N turns makes the context N·m/2 longer on average, at a tenth: 0.05·N·m in every turn.

    What a turn brings is paid in full once, and summarised once, whatever N is. The sum of the two, by
    turn, is least at

        N = sqrt(0.9·(R·m + L) / (0.05·m))

    and flat around it: half or twice that N makes these two a quarter dearer, and they are only a part of
    the whole. So an estimate of L will do: the ledger, and a chapter twice, as each is merged about once;
    or 20 turns, which is what the notes of 300 turns come to on average, where that is less.

    R is not a matter of cost, or it would be 1: what stays verbatim needs no summary to be remembered. It
    is the default, or as many turns as stay within `RECENT_TOKENS` in 95 of 100 cases. Notes at their
    bounds and R + N turns must stay within `CONTEXT_TOKENS`, or the tokens would call for a compaction
    long before the turns do. Where they do not, R gives way first, down to a third of the turns that have
    room: an N that is too short costs more than some verbatim turns are worth, as nearly all that they
    said is in the notes. Then N does.

    Args:
        meter: what was measured.
        budget: the bounds; `recent_turns` and `trigger_turns` are what is derived.

    Returns:
        The window, or the given one where fewer than 50 turns were measured.
    """
    sizes = turn_sizes(meter)
    if sizes is None or sizes.turns < ENOUGH_TURNS:
        return given(budget)
    notes = budget.chapters_tokens + budget.ledger_tokens
    room = max(0, math.floor((budget.context_tokens - notes) / sizes.mean))
    recent = _fitting(sizes, budget.recent_tokens)
    fewest = max(1, min(recent, room // 3))
    changing = min(budget.ledger_tokens + 2 * budget.chapter_tokens, _NOTED_TURNS * sizes.mean)
    while recent > fewest and recent + cheapest_cycle(sizes.mean, recent, changing) > room:
        recent -= 1
    cycle = min(cheapest_cycle(sizes.mean, recent, changing), max(1, room - recent))
    return Window(
        recent_turns=recent,
        recent_tokens=budget.recent_tokens,
        # Due when there are more: N turns after the last one left R.
        trigger_turns=recent + cycle - 1,
        context_tokens=budget.context_tokens,
    )


def cheapest_cycle(turn: float, recent: int, changing: float) -> int:
    """Give the N of `measured`, for turns of `turn` tokens, in whole turns."""
    anew = (1 - CACHED) * (recent * turn + changing)
    longer = CACHED * turn / 2
    return max(1, round(math.sqrt(anew / longer)))


def _fitting(sizes: TurnSizes, tokens: int) -> int:
    """Tell how many turns, up to the default, stay within `tokens` nearly always."""
    return next((turns for turns in range(RECENT_TURNS, 1, -1) if sizes.p95_of(turns) <= tokens), 1)
