"""Reading stored JSON: whatever bytes there are, they are read or refused with one kind of error."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def read(decoder: msgspec.json.Decoder[T], data: bytes | str) -> T:
    """Decode `data`.

    Raises:
        msgspec.MsgspecError: when it is not what the decoder reads, or nested too deeply to be.
    """
    try:
        return decoder.decode(data)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None
    except UnicodeError:
        raise msgspec.DecodeError(
            "not UTF-8"
        ) from None  # where it is a key that is not, msgspec leaves it at that
