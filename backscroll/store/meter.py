"""The meter: how many tokens turns and compactions cost, over the whole deployment.

Each shard counts in a hash of its own, in the scripts that commit a turn or bring a compaction to its end.
Nothing is ever set, only added to, so that what many workers count adds up.
"""

from __future__ import annotations

import math
from collections import Counter

import msgspec

from backscroll.store import keys
from backscroll.store.redis import Store

# A bucket is a quarter of an octave wide: what it says is right within 9 %, in no more fields than these.
_A_DOUBLING = 4
_LAST_BUCKET = 99

_HISTOGRAM, _REFUSED = "histogram:", "refused:"


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted since the meter was last forgotten: 90 days after the last turn of a shard.

    `turns` are those whose `tokens` were measured: what each added to the context, as the model counted
    it. `histogram` has them by bucket. The summaries' calls and tokens count also those of refused and
    discarded chapters; `tokens_saved` is what the applied ones took out of contexts.
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
    """Tell in which bucket of the histogram a turn of so many tokens counts."""
    return min(int(_A_DOUBLING * math.log2(tokens)), _LAST_BUCKET) if tokens > 1 else 0


def tokens_of(bucket: int) -> int:
    """Give the tokens that a bucket stands for: its geometric middle."""
    return round(2 ** ((bucket + 0.5) / _A_DOUBLING))


def read(store: Store) -> Meter:
    """Read what all shards have counted, in one round trip to each server.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    commands = [(key, ("HGETALL", key)) for key in map(keys.meter, range(store.settings.shards))]
    shards = store.call(lambda: store.servers.pipelined(commands), reads=True)
    total = Counter[str]()
    for counted in shards:
        total.update({name.decode(): int(value) for name, value in counted.items()})
    return Meter(
        turns=total["turns"],
        tokens=total["tokens"],
        histogram={int(name): count for name, count in sorted(_of(total, _HISTOGRAM), key=_by_number)},
        compactions=total["compactions"],
        discarded=total["discarded"],
        refused=dict(sorted(_of(total, _REFUSED))),
        summary_calls=total["summary_calls"],
        summary_input_tokens=total["summary_input_tokens"],
        summary_output_tokens=total["summary_output_tokens"],
        tokens_saved=total["tokens_saved"],
    )


def _of(total: Counter[str], kind: str) -> list[tuple[str, int]]:
    return [(name.removeprefix(kind), count) for name, count in total.items() if name.startswith(kind)]


def _by_number(counted: tuple[str, int]) -> int:
    return int(counted[0])
