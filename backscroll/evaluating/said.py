"""What can be read in a context, and whether something stands there, letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from backscroll.answering.context import frame
from backscroll.messages import tokens
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part, Text
from backscroll.model.port import Content
from backscroll.store.turns import Context

# Which messages a note is about is no number that was said in them: "[1-142]", "12 Bergen>6 pm", "open 14:".
_LABEL = re.compile(r"^(\[\d+-\d+\]|\d+(?=[ >=])|open \d+:|\(\d+ left out\)$)", re.MULTILINE)


def of_parts(parts: Iterable[Part]) -> str:
    """Give all that stands in parts: texts, and each value of a call or a response on a line of its own."""
    return "\n".join(line for part in parts for line in _lines(part))


def of_messages(messages: Iterable[Message]) -> str:
    """Give all that stands in messages."""
    return "\n".join(of_parts(message.parts) for message in messages)


def notes(context: Context) -> str:
    """Give all that stands in what is sent before the messages, chapters and ledger, without their labels."""
    return _LABEL.sub("", "\n".join(of_parts(content.parts) for content in frame(context)))


def notes_tokens(context: Context) -> int:
    """Estimate the tokens of what is sent before the messages, the words around it included."""
    return of_contents(frame(context))


def of_contents(contents: Iterable[Content]) -> int:
    """Estimate the tokens of contents."""
    return sum(tokens.of_parts(content.parts) for content in contents)


def stands(value: str, text: str) -> bool:
    """Tell whether `value` stands in `text` by itself: 120 does not stand in 1200, nor Ann in Anna."""
    value = " ".join(value.split())
    if not value:
        return False
    before = r"(?<![A-Za-z0-9])" if _joins(value[0]) else ""
    after = r"(?![A-Za-z0-9])" if _joins(value[-1]) else ""
    return re.search(before + re.escape(value) + after, " ".join(text.split())) is not None


def _joins(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def _lines(part: Part) -> Iterator[str]:
    if isinstance(part, Text):
        yield part.text
    elif isinstance(part, Other):
        yield from _values({name: value for name, value in part.raw.items() if name != "type"})


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _values(inner)
    elif value is not None:
        yield str(value)
