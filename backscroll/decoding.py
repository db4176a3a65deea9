"""Reading what is stored: whatever bytes there are, they are read or refused with one kind of error."""

from __future__ import annotations

import zlib
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


def inflate(data: bytes, most: int) -> bytes:
    """Undo zlib's compression.

    Args:
        data: one whole stream; compressed, a megabyte may hold a thousand.
        most: bytes that it may hold.

    Raises:
        msgspec.MsgspecError: when it is no whole stream, or holds more.
    """
    inflating = zlib.decompressobj()
    try:
        found = inflating.decompress(data, most)
    except zlib.error:
        raise msgspec.DecodeError("compressed, and damaged") from None
    if not inflating.eof:
        raise msgspec.DecodeError("compressed, and cut off, or holds too much")
    return found
