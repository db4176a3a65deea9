"""Values in what tools were called with and what they returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backscroll.messages.part import Other, Part

_CALL = ("functionCall", "function_call")
_RESPONSE = ("functionResponse", "function_response")
# A value that is longer is a text of its own, no datum.
_LONGEST = 100


def call(part: Part) -> Mapping[str, Any] | None:
    """Give the call that a part holds: `name` and `args`."""
    return _held(part, _CALL)


def response(part: Part) -> Mapping[str, Any] | None:
    """Give the response that a part holds: `name` and `response`."""
    return _held(part, _RESPONSE)


def _held(part: Part, names: tuple[str, str]) -> Mapping[str, Any] | None:
    if not isinstance(part, Other):
        return None
    found = next((part.raw[name] for name in names if name in part.raw), None)
    return found if isinstance(found, Mapping) else None


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each simple value in nested data, as it is written in JSON, with the name that it goes by."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None and 0 < len(str(value)) <= _LONGEST and "\n" not in str(value):
        yield name, str(value)
