"""Conversations to try things on: written out by hand, drawn by Hypothesis, and real ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import strategies as st

from backscroll.messages.message import Message, Role
from backscroll.messages.part import Other, Part, Text

SHARED = Path(__file__).parents[3] / "shared" / "data"

Said = tuple[Role, tuple[Part, ...]]
Turn = list[Said]


def said(role: Role, *parts: Part | str) -> Said:
    """What one side said; a string is a text."""
    return role, tuple(Text(part) if isinstance(part, str) else part for part in parts)


def call(name: str = "look_up") -> Other:
    return Other({"type": "function_call", "functionCall": {"name": name, "args": {"city": "Bergen"}}})


def response(name: str = "look_up") -> Other:
    return Other({"type": "function_response", "functionResponse": {"name": name, "response": {"temp": 7}}})


def plain_turn(size: int = 40) -> Turn:
    """A question and its answer, `size` letters each."""
    return [said("user", "q" * size), said("model", "a" * size)]


def tool_turn(rounds: int, size: int = 40) -> Turn:
    """A question whose answer takes `rounds` calls."""
    question, answer = plain_turn(size)
    between = [each for _ in range(rounds) for each in (said("model", call()), said("user", response()))]
    return [question, *between, answer]


def messages(*turns: Turn, first: int = 1) -> tuple[Message, ...]:
    """Number what was said in `turns` from seq `first` on."""
    entries = [entry for turn in turns for entry in turn]
    return tuple(
        Message(seq=seq, role=role, ts=1_700_000_000_000 + seq, parts=parts)
        for seq, (role, parts) in enumerate(entries, first)
    )


sizes = st.integers(1, 3000)
plain_turns = st.lists(st.builds(plain_turn, sizes), max_size=16)
turns = st.lists(st.builds(plain_turn, sizes) | st.builds(tool_turn, st.integers(1, 3), sizes), max_size=14)


def open_calls(history: Iterable[Message]) -> list[str]:
    """Give the names of the calls that have no response; a response without its call fails the test."""
    waiting: list[str] = []
    for message in history:
        for part in message.parts:
            if isinstance(part, Other) and part.raw["type"] == "function_call":
                waiting.append(part.raw["functionCall"]["name"])
            elif isinstance(part, Other) and part.raw["type"] == "function_response":
                assert part.raw["functionResponse"]["name"] in waiting, "a response without its call"
                waiting.remove(part.raw["functionResponse"]["name"])
    return waiting


def real_tool_conversations() -> list[tuple[Message, ...]]:
    """Read the shared conversations with tools; skip the test where they are not."""
    return real_conversations("tools_dev")


def real_conversations(name: str) -> list[tuple[Message, ...]]:
    """Read the shared conversations of a file; skip the test where they are not."""
    path = SHARED / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("the shared conversations (shared/data beside the repository) are not there")
    return [_read(json.loads(line)["messages"]) for line in path.read_text(encoding="utf-8").splitlines()]


def _read(entries: Sequence[dict]) -> tuple[Message, ...]:
    return messages([said(entry["role"], *map(_part, entry["parts"])) for entry in entries])


def _part(raw: dict) -> Part:
    if "text" in raw:
        return Text(raw["text"])
    ((kind, value),) = raw.items()
    first, *rest = kind.split("_")
    return Other({"type": kind, first + "".join(map(str.capitalize, rest)): value})


def roles_alternate(roles: Iterable[Role]) -> bool:
    return all(len(list(run)) == 1 for _, run in groupby(roles))
