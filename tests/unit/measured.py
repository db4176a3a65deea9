"""Meters as a deployment would have filled them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from backscroll.store.meter import Meter, bucket


def meter_of(sizes: Sequence[int]) -> Meter:
    """Count turns of these sizes."""
    return Meter(turns=len(sizes), tokens=sum(sizes), histogram=dict(Counter(map(bucket, sizes))))


def drawn(mean: int, *, turns: int = 300, seed: int = 1) -> list[int]:
    """Draw sizes as conversations have them: most turns are small, a few are many times as large."""
    numbers = random.Random(seed)
    return [max(2, round(numbers.lognormvariate(0, 0.8) * mean / 1.377)) for _ in range(turns)]
