"""So many of so many: what every score is made of."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Count(msgspec.Struct, frozen=True):
    """`held` of `of`."""

    held: int = 0
    of: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.held + other.held, self.of + other.of)

    @property
    def share(self) -> float | None:
        """How much of it, or None where there was nothing to hold."""
        return self.held / self.of if self.of else None


def total(counts: Iterable[Count]) -> Count:
    """Add counts up."""
    return sum(counts, Count())


def tally(held: Iterable[bool]) -> Count:
    """Count those that are held."""
    found = list(held)
    return Count(sum(found), len(found))
