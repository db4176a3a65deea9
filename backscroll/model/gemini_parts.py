"""Gemini's parts on their way into the history and back: nothing is lost on it."""

from __future__ import annotations

from typing import Any

from backscroll.messages.part import Other, Part, Text
from backscroll.model.fields import Shape, known

# What is said about a part's data, beside it.
_ABOUT = frozenset({"thought", "thoughtSignature", "partMetadata", "mediaResolution", "mediaProcessing"})


def received(raw: dict[str, Any]) -> Part:
    """Read a part as it came over the wire, `raw` in its spelling."""
    if "text" not in raw:
        # functionCall → function_call: the stored form names its types as the rest of it is named
        kind = next((name for name in raw if not _is_about(name)), next(iter(raw), "empty"))
        return Other({"type": "".join("_" + c.lower() if c.isupper() else c for c in kind), **raw})
    raw = dict(raw)
    return Text(
        text=raw.pop("text"),
        thought=raw.pop("thought", False),
        signature=raw.pop("thoughtSignature", None),
        extra=raw,
    )


def sent(part: Part, shape: Shape) -> dict[str, Any]:
    """Write a part as it goes over the wire.

    Args:
        part: what to send.
        shape: the SDK's type of a part: it refuses fields that it does not know.
    """
    if isinstance(part, Text):
        raw: dict[str, Any] = {"text": part.text}
        if part.extra:
            raw.update(known(shape, part.extra))
        if part.thought:
            raw["thought"] = True
        if part.signature is not None:
            raw["thoughtSignature"] = part.signature
        return raw
    raw = known(shape, part.raw)
    whole = len(raw) == len(part.raw.keys() - {"type"})
    if raw and (whole or not all(map(_is_about, raw))):
        return raw
    # A part without data would be refused; a signature without what it signs, too.
    return {"text": f"({part.raw.get('type', 'something')}, which cannot be shown here)"}


def _is_about(name: str) -> bool:
    return name in _ABOUT or name.endswith("Metadata")
