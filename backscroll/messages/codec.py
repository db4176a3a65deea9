"""Messages on disk: versioned JSON of our own, so that no SDK's change can make a history unreadable.

`{"v":1,"seq":…,"role":…,"ts":…,"parts":[…],"model":…,"asked":…,"usage":…,"recovered":true}`. Reading keeps
every field and part that it does not know, so a message written by a newer version survives being read and
written by this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from backscroll.decoding import read
from backscroll.messages.message import Message, Role, Usage
from backscroll.messages.part import Part, from_stored, to_stored

VERSION = 1

# Version → the step that lifts a message of that version to the next one.
_LIFTS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

_FIELDS = {"v", "seq", "role", "ts", "parts", "model", "asked", "usage", "recovered"}


class _Head(msgspec.Struct, frozen=True):
    """A stored message without its parts."""

    seq: int
    role: Role
    ts: int
    model: str | None = None
    asked: str | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, Any])
_list_decoder = msgspec.json.Decoder(list[dict[str, Any]])


def encode(message: Message) -> bytes:
    """Give the message as it is stored. A version above our own is kept, as are its unknown fields."""
    stored: dict[str, Any] = {
        "v": VERSION,
        "seq": message.seq,
        "role": message.role,
        "ts": message.ts,
        "parts": [to_stored(part) for part in message.parts],
    }
    if message.model is not None:
        stored["model"] = message.model
    if message.asked is not None:
        stored["asked"] = message.asked
    if message.usage is not None:
        stored["usage"] = {k: v for k, v in msgspec.structs.asdict(message.usage).items() if v is not None}
    if message.recovered:
        stored["recovered"] = True
    return _encoder.encode(stored | dict(message.extra))


def decode(data: bytes) -> Message:
    """Read a stored message of any version.

    Raises:
        msgspec.MsgspecError: when `data` is no message at all.
    """
    raw = read(_decoder, data)
    try:
        return _message(raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise msgspec.ValidationError(f"not a message: {type(error).__name__}: {error}") from None


def _message(raw: dict[str, Any]) -> Message:
    version = raw.get("v", VERSION)
    for step in range(version, VERSION):
        raw = _LIFTS[step](raw)
    extra = {name: value for name, value in raw.items() if name not in _FIELDS}
    if version > VERSION:
        extra["v"] = version
    usage = raw.get("usage")
    head = msgspec.convert(raw, _Head)
    return Message(
        seq=head.seq,
        role=head.role,
        ts=head.ts,
        parts=tuple(from_stored(part) for part in raw["parts"]),
        model=head.model,
        asked=head.asked,
        usage=msgspec.convert(usage, Usage) if usage is not None else None,
        recovered=raw.get("recovered", False),
        extra=extra,
    )


def encode_parts(parts: tuple[Part, ...]) -> bytes:
    """Give parts as they are stored outside a message: in a reply."""
    return _encoder.encode([to_stored(part) for part in parts])


def decode_parts(data: bytes) -> tuple[Part, ...]:
    """Read what `encode_parts` wrote.

    Raises:
        msgspec.MsgspecError: when `data` is something else.
    """
    return tuple(from_stored(part) for part in read(_list_decoder, data))
