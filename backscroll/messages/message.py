"""Messages, and how they group into turns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from backscroll.messages.part import Part, spoken
from backscroll.messages.tool_data import response_of

Role = Literal["user", "model"]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one model call, as the model counted them; None where it did not say."""

    prompt_tokens: int | None = None
    output_tokens: int | None = None
    thought_tokens: int | None = None
    cached_tokens: int | None = None
    total_tokens: int | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the history.

    `ts` is milliseconds since 1970 in UTC: for a user message when it was accepted, for a model message
    when it was complete. `model` is the version that answered, `asked` the name that it was asked by, where
    that is another. `recovered`: it was said while the history store was away, and came into the history
    afterwards. `extra` holds fields that a newer version wrote.
    """

    seq: int
    role: Role
    ts: int
    parts: tuple[Part, ...]
    model: str | None = None
    asked: str | None = None
    usage: Usage | None = None
    recovered: bool = False
    extra: Mapping[str, Any] = {}

    @property
    def text(self) -> str:
        """What a person would read."""
        return spoken(self.parts)


def begins_turn(message: Message) -> bool:
    """Tell whether a turn begins here: at a user message that does not respond to a tool call."""
    return message.role == "user" and not any(map(response_of, message.parts))


def turns(messages: Iterable[Message]) -> list[tuple[Message, ...]]:
    """Group messages, in order, into whole turns.

    A call and its response stay together: a model refuses a request that holds one without the other.
    """
    grouped: list[list[Message]] = []
    for message in messages:
        if begins_turn(message) or not grouped:
            grouped.append([])
        grouped[-1].append(message)
    return [tuple(turn) for turn in grouped]


def flatten(grouped: Sequence[tuple[Message, ...]]) -> tuple[Message, ...]:
    """Undo `turns`."""
    return tuple(message for turn in grouped for message in turn)
