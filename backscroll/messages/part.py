"""The parts of a message: text, and whatever else a model or a newer version put there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class Text(msgspec.Struct, frozen=True):
    """Words. `signature` is the model's own mark on them and goes back to it exactly as it came."""

    text: str
    thought: bool = False
    signature: str | None = None
    extra: Mapping[str, Any] = {}


class Other(msgspec.Struct, frozen=True):
    """A part that this version does not work with; kept as it is and given back as it was."""

    raw: Mapping[str, Any]


Part = Text | Other

_FIELDS = {"type", "text", "thought", "signature"}


def to_stored(part: Part) -> dict[str, Any]:
    """Give the part as it is stored: a JSON object whose `type` tells what it is."""
    if isinstance(part, Other):
        return dict(part.raw)
    stored: dict[str, Any] = {"type": "text", "text": part.text}
    if part.thought:
        stored["thought"] = True
    if part.signature is not None:
        stored["signature"] = part.signature
    return stored | dict(part.extra)


def from_stored(raw: Mapping[str, Any]) -> Part:
    """Read a stored part. What it does not know it keeps: a newer version may have written it."""
    text, thought, signature = raw.get("text"), raw.get("thought", False), raw.get("signature")
    if raw.get("type") != "text" or not isinstance(text, str):
        return Other(raw)
    if not isinstance(thought, bool) or not isinstance(signature, str | None):
        return Other(raw)
    return Text(
        text=text,
        thought=thought,
        signature=signature,
        extra={name: value for name, value in raw.items() if name not in _FIELDS},
    )


def spoken(parts: Iterable[Part]) -> str:
    """Join what a person would read: the texts, without the model's thoughts."""
    return "".join(part.text for part in parts if isinstance(part, Text) and not part.thought)
