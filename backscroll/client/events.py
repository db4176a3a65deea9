"""What a reply's stream tells, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from backscroll.client.problems import Problem, from_problem
from backscroll.client.reply import Reply
from backscroll.messages.message import Usage


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The answer begins, or begins anew: what came before, deltas, parts and tokens, is void.

    `status` is `queued` (behind `position` others) or `in_progress`.
    """

    status: str
    attempt: int = 0
    position: int | None = None


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """Text to append to the answer, or to the model's thoughts."""

    text: str
    thought: bool = False


class WholePart(msgspec.Struct, frozen=True):
    """A part of the answer that is not text: a tool call, code and its result, media by reference."""

    part: Mapping[str, Any]


class Tokens(msgspec.Struct, frozen=True):
    """What the answer has taken so far."""

    usage: Usage


class Ended(msgspec.Struct, frozen=True):
    """The end, with the whole reply: completed, incomplete, failed or cancelled."""

    reply: Reply


Event = Status | Delta | WholePart | Tokens | Ended


def _ended(data: str) -> Ended:
    raw = msgspec.json.decode(data)
    if isinstance(raw, dict) and isinstance(raw.get("status"), int):  # a problem: there is no reply any more
        raise from_problem(raw["status"], msgspec.convert(raw, Problem))
    return Ended(msgspec.convert(raw, Reply))


_READ: dict[str, Callable[[str], Event]] = {
    "status": msgspec.json.Decoder(Status).decode,
    "delta": msgspec.json.Decoder(Delta).decode,
    "part": lambda data: WholePart(msgspec.json.decode(data, type=dict[str, Any])),
    "usage": lambda data: Tokens(msgspec.json.decode(data, type=Usage)),
    "done": _ended,
    "error": _ended,
}


def parse(name: str, data: str) -> Event | None:
    """Read an event; None for one that this version does not know.

    Raises:
        BackscrollError: when it says that the reply is gone.
        MsgspecError: when it is not what Backscroll would have said.
    """
    read = _READ.get(name)
    return read(data) if read else None


def retold(reply: Reply) -> Iterator[Event]:
    """Give the events of a reply that had ended before anybody listened."""
    yield Status(status="in_progress", attempt=reply.attempts)
    for part in reply.parts:
        if isinstance(said := part.get("text"), str):
            yield Delta(text=said, thought=part.get("thought") is True)
        else:
            yield WholePart(part)
    if reply.usage is not None:
        yield Tokens(reply.usage)
    yield Ended(reply)
