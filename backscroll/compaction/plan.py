"""The plan: when a compaction is due, and which messages it covers. Pure, and so easy to try to break."""

from __future__ import annotations

from collections.abc import Sequence

from backscroll.messages import tokens
from backscroll.messages.message import Message, turns
from backscroll.settings import BudgetSettings


def is_due(messages: Sequence[Message], measured: int, budget: BudgetSettings) -> bool:
    """Tell whether a compaction should be rung for.

    Args:
        messages: the live messages, in order.
        measured: tokens of the whole context, as the model counted them.
        budget: the settings.
    """
    too_many = 0 < budget.trigger_turns < len(turns(messages))
    return (too_many or measured > budget.context_tokens) and covered(messages, budget) > 0


def covered(messages: Sequence[Message], budget: BudgetSettings) -> int:
    """Tell how many of the oldest live messages a compaction covers: whole turns only.

    The newest `RECENT_TURNS` turns stay verbatim, fewer where they exceed `RECENT_TOKENS`, and one always.

    Where `messages` are only the oldest of the live ones, more stays verbatim than has to; the next
    compaction sees to it.

    Args:
        messages: the oldest live messages, in order.
        budget: the settings.
    """
    whole = turns(messages)
    kept, size = 0, 0
    for turn in reversed(whole[-budget.recent_turns :]):
        size += tokens.of_messages(turn)
        if kept and size > budget.recent_tokens:
            break
        kept += 1
    return sum(map(len, whole[: len(whole) - kept]))
