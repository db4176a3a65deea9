"""Function calls and their responses as they lie in parts: who was called, with what, and what came back.

The SDK's spelling (`functionCall`) and that of other clients (`function_call`) are both read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from backscroll.messages.part import Other, Part


class ToolData(msgspec.Struct, frozen=True):
    """One call's arguments, or one response's values; an `id`, where there is one, says which call."""

    name: str
    values: Any
    id: str = ""


def call_of(part: Part) -> ToolData | None:
    """Give the call that a part makes, or None."""
    return _read(part, "functionCall", "function_call", "args")


def response_of(part: Part) -> ToolData | None:
    """Give the response that a part brings, or None."""
    return _read(part, "functionResponse", "function_response", "response")


def _read(part: Part, camel: str, snake: str, field: str) -> ToolData | None:
    raw = part.raw if isinstance(part, Other) else {}
    found = raw.get(camel, raw.get(snake))
    if not isinstance(found, dict):
        return None
    return ToolData(name=str(found.get("name", "")), values=found.get(field), id=str(found.get("id") or ""))


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each single value of JSON as text, with the name of the field that it stands in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)
