"""Room in the ledger: how much there is, and what goes first when not everything can be carried."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from backscroll.ledger.ledger import Ledger, Said
from backscroll.ledger.rendering import render, sizes
from backscroll.messages import tokens

# What people say is dense with values at first and repeats itself later; what tools return is bulk.
_DENSE_TOKENS = 2_000
_DENSE_SHARE = 0.185
_LATER_SHARE = 0.07
_DATA_SHARE = 0.06
# A conversation that has just begun may be all names and numbers.
_BEGINNING_TOKENS, _BEGINNING_SHARE = 150, 0.35


def room(ledger: Ledger, most: int) -> int:
    """Tell how many tokens a ledger may have: a share of what it stands for, up to `most`."""
    dense = min(ledger.spoken, _DENSE_TOKENS)
    later = ledger.spoken - dense
    data = ledger.covered - ledger.spoken
    share = _DENSE_SHARE * dense + _LATER_SHARE * later + _DATA_SHARE * data
    beginning = min(_BEGINNING_TOKENS, _BEGINNING_SHARE * ledger.covered)
    return min(most, int(max(beginning, share)))


def bounded(ledger: Ledger, most: int) -> Ledger:
    """Leave out values until there is room: those that are worth least first, of these the least recent.

    What is open stays, whatever its share, until there is no room for it by the setting; the oldest goes
    first.

    Args:
        ledger: with everything.
        most: the setting, in tokens.
    """
    share = room(ledger, most)
    ranked = sorted(
        (value.rank, value.last, said.seq, index)
        for said in ledger.said
        for index, value in enumerate(said.values)
    )
    leaving = [(seq, index) for _, _, seq, index in ranked]
    weighed = enumerate(sizes(ledger, leaving))
    few = next((count for count, size in weighed if tokens.of_bytes(size) <= share), len(ranked))
    kept = _without(ledger, leaving[:few])
    while kept.open and tokens.of_text(render(kept)) > most:
        left = tuple(pending for pending in kept.pending if pending is not kept.open[0])
        kept = replace(kept, pending=left, dropped=kept.dropped + 1)
    return kept


def _without(ledger: Ledger, gone: Sequence[tuple[int, int]]) -> Ledger:
    if not gone:
        return ledger
    out = set(gone)
    said: list[Said] = []
    for entry in ledger.said:
        kept = tuple(value for index, value in enumerate(entry.values) if (entry.seq, index) not in out)
        if len(kept) == len(entry.values):
            said.append(entry)
        elif kept:
            said.append(replace(entry, values=kept))
    return replace(ledger, said=tuple(said), dropped=ledger.dropped + len(gone))
