"""The plan: when a compaction is due, and which messages it covers. Pure, and so easy to try to break."""

from __future__ import annotations

from collections.abc import Sequence

from backscroll.compaction.window import Window
from backscroll.messages import tokens
from backscroll.messages.message import Message, turns


def is_due(messages: Sequence[Message], measured: int, window: Window) -> bool:
    """Tell whether a compaction should be rung for.

    Args:
        messages: the live messages, in order.
        measured: tokens of the whole context, as the model counted them.
        window: what stays verbatim, and how much is too much.
    """
    too_many = 0 < window.trigger_turns < len(turns(messages))
    return (too_many or measured > window.context_tokens) and covered(messages, window) > 0


def covered(messages: Sequence[Message], window: Window) -> int:
    """Tell how many of the oldest live messages a compaction covers: whole turns only.

    The newest `RECENT_TURNS` turns stay verbatim, fewer where they exceed `RECENT_TOKENS`, and one always.

    Where `messages` are only the oldest of the live ones, more stays verbatim than has to; the next
    compaction sees to it.

    Args:
        messages: the oldest live messages, in order.
        window: what stays verbatim.
    """
    whole = turns(messages)
    kept, size = 0, 0
    for turn in reversed(whole[-window.recent_turns :]):
        size += tokens.of_messages(turn)
        if kept and size > window.recent_tokens:
            break
        kept += 1
    return sum(map(len, whole[: len(whole) - kept]))
