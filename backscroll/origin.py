"""Where work comes from: the request and the trace, as Redis carries them from web to worker.

In Redis, and not in the doorbell: a bell may be lost, and whoever finds the work then knows it all the same.
"""

from __future__ import annotations

import msgspec


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """The id of a request, and its span as a W3C `traceparent`; '' where there is none."""

    request_id: str = ""
    traceparent: str = ""


UNKNOWN = Origin()


def encode(origin: Origin) -> bytes:
    """Give its stored form, which is never empty."""
    return msgspec.json.encode(origin)


def decode(stored: bytes | None) -> Origin:
    """Read it back. An earlier version has stored none; one that cannot be read is not worth a turn."""
    try:
        return msgspec.json.decode(stored, type=Origin) if stored else UNKNOWN
    except msgspec.MsgspecError:
        return UNKNOWN
