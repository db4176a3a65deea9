"""How large turns are, out of what the deployment has measured."""

from __future__ import annotations

import math

import msgspec

from backscroll.store.meter import Meter, tokens_of

# How many standard deviations above its mean a sum of many turns stays in 95 of 100 cases.
_P95 = 1.645


class TurnSizes(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens per turn. All but the mean, which is exact, come from the histogram: within 9 %."""

    turns: int
    mean: float
    deviation: float
    p50: int
    p95: int

    def of(self, turns: int) -> float:
        """Give the tokens of so many turns, on average."""
        return turns * self.mean

    def p95_of(self, turns: int) -> float:
        """Give the tokens that so many turns stay below in 95 of 100 cases.

        Long turns and short ones partly make up for each other, so this grows slower than p95 times
        `turns`. Where the turns of one conversation resemble each other it is too low; what relies on it
        has `RECENT_TOKENS` and `CONTEXT_TOKENS` behind it.
        """
        return self.of(turns) + _P95 * self.deviation * math.sqrt(turns)


def turn_sizes(meter: Meter) -> TurnSizes | None:
    """Read the sizes of turns; None where none was measured."""
    if not meter.turns or not meter.tokens:
        return None
    mean = meter.tokens / meter.turns
    return TurnSizes(
        turns=meter.turns,
        mean=mean,
        deviation=_deviation(meter.histogram),
        p50=percentile(meter.histogram, 0.50) or round(mean),
        p95=percentile(meter.histogram, 0.95) or round(mean),
    )


def percentile(histogram: dict[int, int], share: float) -> int | None:
    """Give the tokens that `share` of all turns do not exceed, to the bucket; None for no turns."""
    rank = math.ceil(share * sum(histogram.values()))
    for bucket in sorted(histogram):
        rank -= histogram[bucket]
        if rank <= 0 and histogram[bucket]:
            return tokens_of(bucket)
    return None


def _deviation(histogram: dict[int, int]) -> float:
    # In the order of the buckets and not of the shards that filled them: the same counts, the same window.
    counts = [(tokens_of(bucket), count) for bucket, count in sorted(histogram.items())]
    turns = sum(count for _, count in counts) or 1
    mean = sum(tokens * count for tokens, count in counts) / turns
    return math.sqrt(sum(count * (tokens - mean) ** 2 for tokens, count in counts) / turns)
