"""Conversations to measure by: every message with all its parts, and the facts that were marked in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from backscroll.messages.message import Message, Role, turns
from backscroll.messages.part import Other, Part, Text
from backscroll.replaying.conversations import read_lines

_FORM = (
    '{"id": …, "messages": [{"role": "user", "parts": [{"text": …}]}, …], '
    '"facts": [{"kind": "name", "text": …, "msg": 0, "key": true}, …]}'
)
# What stands for an answer that was never given, and after a conversation that broke off.
NOTED = "(noted)"
INTERRUPTED = "(the conversation was interrupted here)"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was said in message `msg` (0 is the first), as it was said there.

    `canonical` says the same in a normal form. `key` facts are those that must not be lost; `weak` ones are
    too short to be found by their letters. A task has a `status` and `slots`; of one that broke off,
    `slots_known` are those that had been said, as `name=value`.
    """

    kind: str
    text: str = ""
    msg: int | None = None
    key: bool = False
    weak: bool = False
    canonical: str | None = None
    status: str | None = None
    slots: Mapping[str, Any] = {}
    slots_known: tuple[str, ...] | None = None

    @property
    def seq(self) -> int:
        """The message's number in a history."""
        return (self.msg or 0) + 1


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation. `control`: it is known to leave no task open."""

    id: str
    messages: tuple[Message, ...]
    facts: tuple[Fact, ...] = ()
    control: bool = False

    @property
    def turns(self) -> list[tuple[Message, ...]]:
        """The messages by turns."""
        return turns(self.messages)


class _Message(msgspec.Struct, frozen=True):
    role: Role
    parts: tuple[dict[str, Any], ...]


class _Line(msgspec.Struct, frozen=True):
    messages: tuple[_Message, ...]
    id: str | int | None = None
    facts: tuple[Fact, ...] = ()
    open_tasks: int | None = None


def read(path: Path) -> list[Conversation]:
    """Read all conversations of a file.

    Raises:
        PermanentError: when a line is no conversation, with the line's number; or when there is none.
        OSError: when the file cannot be read.
    """
    return read_lines(path, _conversation, _FORM)


def interrupted(conversation: Conversation) -> Conversation:
    """Add a turn that says nothing, so that the last real one may be covered too."""
    last = len(conversation.messages)
    return msgspec.structs.replace(
        conversation,
        messages=(
            *conversation.messages,
            _message(last + 1, "user", (Text(INTERRUPTED),)),
            _message(last + 2, "model", (Text(NOTED),)),
        ),
    )


def _conversation(number: int, data: bytes) -> Conversation:
    line = msgspec.json.decode(data, type=_Line)
    if not line.messages:
        raise ValueError("no messages")
    for place, message in enumerate(line.messages):
        if message.role != ("user", "model")[place % 2]:
            raise ValueError(f"message {place} is the {message.role}'s; user and model must alternate")
        if not message.parts:
            raise ValueError(f"message {place} has no parts")
    for fact in line.facts:
        if fact.msg is not None and not 0 <= fact.msg < len(line.messages):
            raise ValueError(f"a fact stands in message {fact.msg}, which there is not")
    messages = [
        _message(seq, message.role, tuple(map(part, message.parts)))
        for seq, message in enumerate(line.messages, 1)
    ]
    if messages[-1].role == "user":
        # A history has no message without its answer, and what was said last may settle what was open.
        messages.append(_message(len(messages) + 1, "model", (Text(NOTED),)))
    return Conversation(
        id=f"line-{number}" if line.id is None else str(line.id),
        messages=tuple(messages),
        facts=line.facts,
        control=line.open_tasks == 0,
    )


def part(raw: Mapping[str, Any]) -> Part:
    """Read a part as Gemini's API writes it, in either spelling, into the form in which it is stored."""
    if isinstance(raw.get("text"), str):
        return Text(raw["text"])
    if not raw:
        raise ValueError("an empty part")
    fields = {_camel(name): value for name, value in raw.items()}
    return Other({"type": re.sub("[A-Z]", lambda c: "_" + c[0].lower(), next(iter(fields))), **fields})


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def _message(seq: int, role: Role, parts: tuple[Part, ...]) -> Message:
    return Message(seq=seq, role=role, ts=0, parts=parts)
