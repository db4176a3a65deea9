"""Calls and their responses, made to match: a model refuses a request in which they do not.

A client may go on without answering a call, answer it late, or answer some of several. What is stored is
what was said; what is sent has exactly one response to each call, right behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from backscroll.messages import tokens
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part, Text
from backscroll.messages.tool_data import ToolData, call_of, response_of
from backscroll.model.port import Content

_UNANSWERED = {"error": "not answered: the conversation went on"}
_LEFT_OUT = {"note": "this result was left out: there was no room for it"}


def pair(contents: Sequence[Content]) -> tuple[Content, ...]:
    """Give the contents with one response to each call: a missing one is made up, a stray one told as text.

    What needs no mending stays as it is.
    """
    return tuple(_paired(contents))


def owed(messages: Iterable[Message], request: tuple[Part, ...]) -> int:
    """Estimate by how many tokens `pair` makes these messages, and the request behind them, larger at most.

    Where the oldest turns are left out, it is less.
    """
    said = (*(Content(message.role, message.parts) for message in messages), Content("user", request))
    changed = ((new, old) for new, old in zip(pair(said), said, strict=True) if new is not old)
    return sum(max(0, tokens.of_parts(new.parts) - tokens.of_parts(old.parts)) for new, old in changed)


def _paired(contents: Sequence[Content]) -> Iterator[Content]:
    calls: list[ToolData] = []
    for content in contents:
        if content.role == "user" and (calls or any(map(response_of, content.parts))):
            yield Content("user", _answering(calls, content.parts))
        else:
            yield content
        calls = [call for part in content.parts if (call := call_of(part))] if content.role == "model" else []


def _answering(calls: Sequence[ToolData], parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Give `parts` with exactly one response to each of `calls`, before everything else."""
    found: list[Part | None] = [None] * len(calls)
    others: list[Part] = []
    for part in parts:
        response = response_of(part)
        place = _place(calls, found, response) if response else None
        if place is not None:
            found[place] = part
        else:
            others.append(_told(response) if response else part)
    if None not in found and not others:
        return parts  # in the order in which the client answered
    made = [part or _made_up(call) for part, call in zip(found, calls, strict=True)]
    return (*made, *others)


def _place(calls: Sequence[ToolData], found: Sequence[Part | None], response: ToolData) -> int | None:
    """Tell which call is answered: the one of the same id, else the first of the same name without one."""
    free = [index for index, part in enumerate(found) if part is None and calls[index].name == response.name]
    same = [index for index in free if calls[index].id == response.id]
    if same or not response.id:
        return next(iter(same or free), None)
    return next((index for index in free if not calls[index].id), None)


def _made_up(call: ToolData) -> Part:
    return _response(call, _UNANSWERED)


def _response(to: ToolData, values: Mapping[str, Any]) -> Part:
    named = {"id": to.id, "name": to.name} if to.id else {"name": to.name}
    return Other({"type": "function_response", "functionResponse": {**named, "response": values}})


def _told(response: ToolData) -> Part:
    return Text(f"({response.name} gave: {msgspec.json.encode(response.values).decode()})")


def without_responses(turn: Sequence[Message], room: float) -> tuple[Message, ...]:
    """Give a turn with as many of its responses left out, the oldest first, as make it fit `room` tokens.

    A long chain of calls is one turn, which cannot be cut: but what its first tools gave back was read.
    """
    shortened = list(turn)
    size = tokens.of_messages(turn)
    for index, message in enumerate(turn):
        if size <= room:
            break
        parts = tuple(map(_left_out, message.parts))
        shortened[index] = msgspec.structs.replace(message, parts=parts)
        size += tokens.of_parts(parts) - tokens.of_parts(message.parts)
    return tuple(shortened)


def _left_out(part: Part) -> Part:
    response = response_of(part)
    return _response(response, _LEFT_OUT) if response else part
