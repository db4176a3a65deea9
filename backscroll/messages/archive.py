"""Archive blocks: covered messages, compressed together, each block with the range of its seqs.

A block is one line of ASCII, `1 FIRST LAST` (form, first and last seq), and then zlib over the stored
messages, one a line. The line lets a reader pick the blocks of a range without unpacking the others.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from backscroll.decoding import inflate

FORM = b"1"
# Twenty and more messages compress to about a third; larger blocks gain little and cost each page more.
MESSAGES_A_BLOCK = 64
# Far more than a block's messages can have.
MOST_BYTES = 256 * 1024 * 1024

_HEAD = re.compile(rb"1 (\d{1,15}) \d{1,15}\n")


def pack(first: int, messages: Sequence[bytes]) -> list[bytes]:
    """Pack stored messages, the first of which has seq `first`, into blocks."""
    blocks = []
    for start in range(0, len(messages), MESSAGES_A_BLOCK):
        chunk = messages[start : start + MESSAGES_A_BLOCK]
        low = first + start
        head = b"%s %d %d\n" % (FORM, low, low + len(chunk) - 1)
        blocks.append(head + zlib.compress(b"\n".join(chunk), 6))
    return blocks


def unpack(block: bytes, *, most: int = MOST_BYTES) -> Iterator[tuple[int, bytes]]:
    """Yield each message of a block as its seq and its stored bytes.

    Raises:
        msgspec.MsgspecError: when it is no block of ours, or holds more than `most` bytes.
    """
    head = _HEAD.match(block)
    if head is None:
        raise msgspec.DecodeError(f"an archive block of the unknown form {block[:20]!r}")
    messages = inflate(block[head.end() :], most)
    yield from enumerate(messages.split(b"\n"), int(head[1]))
