"""Where a body is wrong: the place of a validation error, as a client would write it."""

from __future__ import annotations

import re

_AT = re.compile(r"at `\$\.?([^`]*)`")
_FIELD = re.compile(r"field `([^`]*)`")


def place(message: str, within: str = "") -> str:
    """Find the place that a validation error speaks of.

    Args:
        message: as msgspec writes it: "… - at `$.text`", "… unknown field `x` - at `$.parts[2]`".
        within: where in the body it was looked at.
    """
    found = [pattern.search(message) for pattern in (_AT, _FIELD)]
    steps = [within, *(each[1] for each in found if each)]
    return ".".join(filter(None, steps)) or "body"
