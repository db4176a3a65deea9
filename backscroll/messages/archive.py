"""Archive blocks: covered messages, compressed together, each block with the range of its seqs.

A block is one line of ASCII, `1 FIRST LAST` (form, first and last seq), and then zlib over the stored
messages, one a line. The line lets a reader pick the blocks of a range without unpacking the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

FORM = b"1"
# Twenty and more messages compress to about a third; larger blocks gain little and cost each page more.
MESSAGES_A_BLOCK = 64


def pack(first: int, messages: Sequence[bytes]) -> list[bytes]:
    """Pack stored messages, the first of which has seq `first`, into blocks."""
    blocks = []
    for start in range(0, len(messages), MESSAGES_A_BLOCK):
        chunk = messages[start : start + MESSAGES_A_BLOCK]
        low = first + start
        head = b"%s %d %d\n" % (FORM, low, low + len(chunk) - 1)
        blocks.append(head + zlib.compress(b"\n".join(chunk), 6))
    return blocks


def unpack(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each message of a block as its seq and its stored bytes."""
    head, _, body = block.partition(b"\n")
    form, first, _last = head.split(b" ")
    if form != FORM:
        raise ValueError(f"an archive block of the unknown form {form!r}")
    yield from enumerate(zlib.decompress(body).split(b"\n"), int(first))
