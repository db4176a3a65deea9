"""What the deployment has measured: tokens of turns, and what compactions have cost.

Each shard counts for itself, in a hash that its scripts add to; together they are what `read` gives.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import msgspec

from backscroll.store import keys
from backscroll.store.redis import Store, unavailable

_KEPT = 90 * 86_400


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the last months. `turns` are those whose `tokens` the model has measured.

    `histogram` counts turns by their tokens, in buckets of a quarter of an octave; `refused` counts
    summaries by the reason for which they were no good.
    """

    turns: int = 0
    tokens: int = 0
    histogram: dict[int, int] = {}
    compactions: int = 0
    discarded: int = 0
    refused: dict[str, int] = {}
    summary_calls: int = 0
    summary_input_tokens: int = 0
    summary_output_tokens: int = 0
    tokens_saved: int = 0


def bucket(tokens: int) -> int:
    """Give the bucket that a turn of `tokens` is counted in."""
    return math.floor(4 * math.log2(max(1, tokens)))


def tokens_of(bucket: int) -> int:
    """Give the tokens that stand for a bucket: its geometric middle."""
    return round(2 ** ((bucket + 0.5) / 4))


def read(store: Store) -> Meter:
    """Read the counts of all shards, in one round trip.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    pipeline = store.client.pipeline(transaction=False)
    for shard in range(store.settings.shards):
        pipeline.hgetall(keys.meter(shard))
    with unavailable():
        found = pipeline.execute()
    counts: Counter[str] = Counter()
    for shard_counts in found:
        counts.update({name.decode(): int(count) for name, count in shard_counts.items()})
    return Meter(
        histogram={int(name): count for name, count in _under("turn:", counts)},
        refused=dict(_under("refused:", counts)),
        **{name: count for name, count in counts.items() if ":" not in name},
    )


def count(store: Store, shard: int, turns: Iterable[int], **others: int) -> None:
    """Count turns by their tokens, and other things by their names."""
    sizes = list(turns)
    key, pipeline = keys.meter(shard), store.client.pipeline(transaction=False)
    fields = Counter(f"turn:{bucket(tokens)}" for tokens in sizes)
    fields.update(turns=len(sizes), tokens=sum(sizes), **others)
    for name, number in fields.items():
        pipeline.hincrby(key, name, number)
    pipeline.expire(key, _KEPT)
    with unavailable():
        pipeline.execute()


def _under(prefix: str, counts: Counter[str]) -> Iterable[tuple[str, int]]:
    return ((name.removeprefix(prefix), count) for name, count in counts.items() if name.startswith(prefix))
