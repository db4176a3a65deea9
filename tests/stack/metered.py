"""A meter that has counted something, without the turns that it would have taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from backscroll.store import keys
from backscroll.store.meter import bucket
from backscroll.store.redis import Store

_KEPT = 90 * 86_400


def count(store: Store, shard: int, turns: Iterable[int], **others: int) -> None:
    """Count turns by their tokens, and other things by the names of their fields."""
    sizes = list(turns)
    fields = Counter(f"histogram:{bucket(tokens)}" for tokens in sizes)
    fields.update(turns=len(sizes), tokens=sum(sizes), **others)
    for name, number in fields.items():
        store.client.hincrby(keys.meter(shard), name, number)
    store.client.expire(keys.meter(shard), _KEPT)
