"""How much work waits, in all shards, in one round trip: for those who watch."""

from __future__ import annotations

import msgspec

from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.scripts import script


class Due(msgspec.Struct, frozen=True):
    """How many sessions have work of a kind, and for how many seconds the most overdue was left alone."""

    sessions: int
    overdue: float


def read(store: Store) -> tuple[Due, Due]:
    """Tell of turns, and of compactions. What is in work counts, too, and is not overdue.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    found = store.evaluate(
        script("read_due"), [(keys.of_shard(shard), ()) for shard in range(store.settings.shards)]
    )
    return _sum([each[:2] for each in found]), _sum([each[2:] for each in found])


def _sum(shards: list[list[int]]) -> Due:
    return Due(sum(count for count, _ in shards), max(overdue for _, overdue in shards) / 1000)
