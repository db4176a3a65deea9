"""Messages on disk: versioned JSON of our own, so that no SDK's change can make a history unreadable.

`[2,SEQ,"u",TS,PARTS,{…}]`: the version, the seq, who speaks (`u`, the user, or `m`, the model), the time,
what is said, and by their names the fields that not every message has; without any, no object is there.

PARTS is an array. Words and nothing more stand in it as a string, any other part as an object (`part`); one
string alone stands without the array. The fields are `model`, `asked`, `recovered` and `usage`, which is
`[PROMPT,OUTPUT,THOUGHT,CACHED,TOTAL]`: the total only where it is not prompt, output and thoughts together,
and without it nothing that is unknown at the end.

A newer version may add fields, by any name but `v`, and parts, but no elements. Reading keeps every field and
part that it does not know, so a message written by a newer version survives being read and written by this
one. The first version is read by `codec_v1`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from backscroll.decoding import read
from backscroll.messages import codec_v1
from backscroll.messages.message import Message, Role, Usage
from backscroll.messages.part import Part, Text, from_stored, to_stored

VERSION = 2

_LETTERS: dict[Role, Literal["u", "m"]] = {"user": "u", "model": "m"}
_ROLES: dict[Literal["u", "m"], Role] = {"u": "user", "m": "model"}


class _Stored(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    v: Annotated[int, msgspec.Meta(ge=VERSION)]
    seq: int
    role: Literal["u", "m"]
    ts: int
    parts: str | list[str | dict[str, Any]]
    fields: dict[str, Any] = {}


class _Usage(msgspec.Struct, frozen=True, array_like=True):
    prompt: int | None = None
    output: int | None = None
    thought: int | None = None
    cached: int | None = None
    total: int | msgspec.UnsetType | None = msgspec.UNSET


class _Fields(msgspec.Struct, frozen=True):
    model: str | None = None
    asked: str | None = None
    usage: _Usage | None = None
    recovered: bool = False


_KNOWN = {*_Fields.__struct_fields__, "v"}

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Stored)
_list_decoder = msgspec.json.Decoder(list[dict[str, Any]])


def encode(message: Message) -> bytes:
    """Give the message as it is stored. A version above our own is kept, as are its unknown fields."""
    fields: dict[str, Any] = {}
    if message.model is not None:
        fields["model"] = message.model
    if message.asked is not None:
        fields["asked"] = message.asked
    if message.usage is not None:
        fields["usage"] = _counts(message.usage)
    if message.recovered:
        fields["recovered"] = True
    version = VERSION
    if message.extra:
        fields |= message.extra
        version = fields.pop("v", VERSION)
    stored = (version, message.seq, _LETTERS[message.role], message.ts, _said(message.parts))
    return _encoder.encode((*stored, fields) if fields else stored)


def decode(data: bytes) -> Message:
    """Read a stored message of any version.

    Raises:
        msgspec.MsgspecError: when `data` is no message at all.
    """
    if data.startswith(b"{"):
        return codec_v1.decode(data)
    stored = read(_decoder, data)
    role, version, fields, parts = _ROLES[stored.role], stored.v, stored.fields, _parts(stored.parts)
    if not fields and version == VERSION:
        return Message(seq=stored.seq, role=role, ts=stored.ts, parts=parts)
    known = msgspec.convert(fields, _Fields)
    extra = {name: value for name, value in fields.items() if name not in _KNOWN}
    if version > VERSION:
        extra["v"] = version
    return Message(
        seq=stored.seq,
        role=role,
        ts=stored.ts,
        parts=parts,
        model=known.model,
        asked=known.asked,
        usage=None if known.usage is None else _usage(known.usage),
        recovered=known.recovered,
        extra=extra,
    )


def _said(parts: tuple[Part, ...]) -> str | list[str | dict[str, Any]]:
    said = [
        part.text
        if isinstance(part, Text) and not part.thought and part.signature is None and not part.extra
        else to_stored(part)
        for part in parts
    ]
    return said[0] if len(said) == 1 and isinstance(said[0], str) else said


def _parts(said: str | list[str | dict[str, Any]]) -> tuple[Part, ...]:
    if isinstance(said, str):
        return (Text(said),)
    return tuple([Text(part) if isinstance(part, str) else from_stored(part) for part in said])


def _counts(usage: Usage) -> list[int | None]:
    counts = [usage.prompt_tokens, usage.output_tokens, usage.thought_tokens, usage.cached_tokens]
    if usage.total_tokens != _together(*counts[:3]):
        return [*counts, usage.total_tokens]
    while counts and counts[-1] is None:
        counts.pop()
    return counts


def _usage(counts: _Usage) -> Usage:
    total = counts.total
    if total is msgspec.UNSET:
        total = _together(counts.prompt, counts.output, counts.thought)
    return Usage(
        prompt_tokens=counts.prompt,
        output_tokens=counts.output,
        thought_tokens=counts.thought,
        cached_tokens=counts.cached,
        total_tokens=total,
    )


def _together(prompt: int | None, output: int | None, thought: int | None) -> int | None:
    return (prompt or 0) + (output or 0) + (thought or 0) or None


def encode_parts(parts: tuple[Part, ...]) -> bytes:
    """Give parts as they are stored outside a message, in a reply: an array of objects.

    A string in that place is a sealed request (`store.content`).
    """
    return _encoder.encode([to_stored(part) for part in parts])


def decode_parts(data: bytes) -> tuple[Part, ...]:
    """Read what `encode_parts` wrote.

    Raises:
        msgspec.MsgspecError: when `data` is something else.
    """
    return tuple(from_stored(part) for part in read(_list_decoder, data))
