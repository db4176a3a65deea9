"""What a summary stands for, and is held against: covered messages, or chapters that are merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from backscroll.messages import tokens
from backscroll.messages.chapter import Chapter, render
from backscroll.messages.media import split
from backscroll.messages.message import Message
from backscroll.messages.part import Other
from backscroll.messages.tool_data import call_of, leaves, response_of


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """`spoken` tells the language, `data` what tools were given and gave back, `days` when it was."""

    spoken: tuple[str, ...]
    data: tuple[str, ...] = ()
    days: frozenset[date] = frozenset()
    tokens: int


def of_messages(messages: Sequence[Message]) -> Source:
    """Take covered messages as the source of their summary."""
    return Source(
        spoken=tuple(message.text for message in messages),
        data=tuple(text for message in messages for text in _data(message)),
        days=frozenset(day for message in messages for day in _days(message.ts)),
        tokens=tokens.of_messages(messages),
    )


def of_chapters(chapters: Sequence[Chapter]) -> Source:
    """Take chapters as the source of the one that they are merged into."""
    shown = tuple(render(chapter) for chapter in chapters)
    return Source(spoken=shown, tokens=sum(map(tokens.of_text, shown)))


def _data(message: Message) -> Iterator[str]:
    for part in message.parts:
        if not isinstance(part, Other):
            continue
        found = call_of(part) or response_of(part)
        if found:
            yield found.name
        shown = found.values if found else split(part)[0]
        for name, text in leaves(shown):
            yield name
            yield text


def _days(ts: int) -> Iterator[date]:
    # Who speaks of today may be up to a day from UTC.
    for hours in (-12, 0, 14):
        yield (datetime.fromtimestamp(ts / 1000, UTC) + timedelta(hours=hours)).date()
