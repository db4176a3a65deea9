"""What one compaction changed of a ledger: a few hundred bytes, for who knows all that it was before."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from backscroll.decoding import read
from backscroll.ledger.ledger import Ledger, deflate, inflated


class _Changed(msgspec.Struct, frozen=True, array_like=True):
    """`ledger` is the new one, of what was said only what is not as it was before; `gone` are seqs."""

    ledger: Ledger
    gone: tuple[int, ...]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Changed)


def encode_change(before: Ledger, after: Ledger) -> bytes:
    """Give what makes `after` of `before`, as it is stored. What was said in both is in order of its seq."""
    old, new = ({said.seq: said for said in ledger.said} for ledger in (before, after))
    said = tuple(each for each in after.said if old.get(each.seq) != each)
    return deflate(_encoder.encode(_Changed(replace(after, said=said), tuple(old.keys() - new.keys()))))


def apply_change(before: Ledger, data: bytes) -> Ledger:
    """Give the ledger that a stored change makes of `before`.

    Raises:
        msgspec.MsgspecError: when `data` is no change.
    """
    changed = read(_decoder, inflated(data))
    said = {each.seq: each for each in (*before.said, *changed.ledger.said)}
    for seq in changed.gone:
        said.pop(seq, None)
    return replace(changed.ledger, said=tuple(said[seq] for seq in sorted(said)))
