"""Messages of the first version, which are read for ever and written no more.

`{"v":1,"seq":…,"role":…,"ts":…,"parts":[…],"model":…,"asked":…,"usage":{…},"recovered":true}`: every part
is an object, and every field has its name.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from backscroll.decoding import read
from backscroll.messages.message import Message, Role, Usage
from backscroll.messages.part import from_stored


class _Stored(msgspec.Struct, frozen=True):
    seq: int
    role: Role
    ts: int
    parts: list[dict[str, Any]]
    model: str | None = None
    asked: str | None = None
    usage: Usage | None = None
    recovered: bool = False
    v: Literal[1] = 1


_KNOWN = set(_Stored.__struct_fields__)

_decoder = msgspec.json.Decoder(dict[str, Any])


def decode(data: bytes) -> Message:
    """Read a message of the first version, and the fields in it that are unknown.

    Raises:
        msgspec.MsgspecError: when `data` is no such message.
    """
    raw = read(_decoder, data)
    stored = msgspec.convert(raw, _Stored)
    return Message(
        seq=stored.seq,
        role=stored.role,
        ts=stored.ts,
        parts=tuple(map(from_stored, stored.parts)),
        model=stored.model,
        asked=stored.asked,
        usage=stored.usage,
        recovered=stored.recovered,
        extra={name: value for name, value in raw.items() if name not in _KNOWN},
    )
