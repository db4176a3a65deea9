"""What a client may set for a session: who answers in it, told what, and with which tools.

The inner objects are Gemini's own, as they come over the wire. They are not taken apart here: what the
model's provider does not take, it says itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from backscroll.decoding import read


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The settings of one session. `ttl` is seconds from its last access until it expires."""

    model: str | None = None
    system_instruction: str | None = None
    generation_config: Mapping[str, Any] = {}
    safety_settings: tuple[Mapping[str, Any], ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    tool_config: Mapping[str, Any] = {}
    ttl: float | None = None


_decoder = msgspec.json.Decoder(SessionSettings)


def encode_settings(settings: SessionSettings) -> bytes:
    """Give settings as they are stored."""
    return msgspec.json.encode(settings)


def decode_settings(data: bytes | None) -> SessionSettings:
    """Read stored settings; fields that a newer version wrote are passed over.

    Raises:
        msgspec.MsgspecError: when `data` is none.
    """
    return read(_decoder, data) if data else SessionSettings()
