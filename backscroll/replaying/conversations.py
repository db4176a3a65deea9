"""Conversations to play, read from JSON Lines: one conversation a line, of which only the user is played."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from backscroll.errors import PermanentError

T = TypeVar("T")

_FORM = '{"id": …, "messages": [{"role": "user", "parts": [{"text": …}]}, …]}'
_SAFE_ID = 80  # characters; run and number fit before them into a session's name


class Conversation(msgspec.Struct, frozen=True):
    """What a user says in one conversation, message by message."""

    id: str
    texts: tuple[str, ...]


class Script(msgspec.Struct, frozen=True):
    """One session to play: its name, which no other session has, and what its user says."""

    session: str
    texts: tuple[str, ...]


class _Part(msgspec.Struct, frozen=True):
    text: str | None = None


class _Message(msgspec.Struct, frozen=True):
    role: Literal["user", "model"]
    parts: tuple[_Part, ...]


class _Line(msgspec.Struct, frozen=True):
    messages: tuple[_Message, ...]
    id: str | int | None = None


def read(path: Path, most: int | None = None) -> list[Conversation]:
    """Read the first `most` conversations of a file, or all of them. What is not played is not read.

    Raises:
        PermanentError: when a line is no conversation, with the line's number; or when there is none.
        OSError: when the file cannot be read.
    """
    return read_lines(path, _conversation, _FORM, most)


def read_lines(path: Path, parse: Callable[[int, bytes], T], form: str, most: int | None = None) -> list[T]:
    """Read the first `most` conversations of a file of JSON Lines, or all of them.

    Args:
        path: the file.
        parse: reads one line, given its number and its bytes.
        form: what a line looks like, for the error.
        most: how many.

    Raises:
        PermanentError: when a line is no conversation, with the line's number; or when there is none.
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        found = list(islice(_parsed(path, file, parse, form), most))
    if not found:
        raise PermanentError("no_conversations", f"{path} holds no conversation; a line looks like {form}")
    return found


def _parsed(path: Path, lines: Iterable[bytes], parse: Callable[[int, bytes], T], form: str) -> Iterator[T]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield parse(number, line)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise PermanentError(
                "broken_conversations", f"{path}, line {number}: {error}; a line looks like {form}"
            ) from None


def _conversation(number: int, data: bytes) -> Conversation:
    line = msgspec.json.decode(data, type=_Line)
    said = (_text(message) for message in line.messages if message.role == "user")
    texts = tuple(text for text in said if text.strip())
    if not texts:
        raise ValueError("nothing that a user says")
    return Conversation(id=f"line-{number}" if line.id is None else str(line.id), texts=texts)


def _text(message: _Message) -> str:
    return "\n".join(part.text for part in message.parts if part.text)


def scripts(conversations: Sequence[Conversation], sessions: int, run: str) -> list[Script]:
    """Give each of `sessions` sessions its conversation; when they run out, they begin anew.

    Args:
        conversations: what there is to play.
        sessions: how many sessions.
        run: begins every name, so that two runs never meet in one session.
    """
    return [
        Script(f"{run}-{number}-{safe(each.id)}", each.texts)
        for number, each in enumerate(islice(cycle(conversations), sessions), 1)
    ]


def safe(name: str) -> str:
    """Give `name` with nothing in it that a session's name may not hold."""
    return re.sub(r"[^A-Za-z0-9._~-]", "_", name)[:_SAFE_ID]
