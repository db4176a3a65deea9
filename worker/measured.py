"""What a worker has counted since its start, as `inspect` tells it: the same numbers as its `/metrics`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from prometheus_client import Counter, Histogram
from prometheus_client.samples import Sample

from backscroll import metrics


def measured() -> dict[str, Any]:
    """Give counts by what they are labelled with, durations in seconds, and tokens."""
    return {
        "turns": _counts(metrics.TURNS),
        "turns_in_work": int(metrics.TURNS_IN_WORK._value.get()),
        "queue_wait_seconds": _spread(metrics.QUEUE_WAIT),
        "model_seconds": _spread(metrics.MODEL_SECONDS),
        "reply_seconds": _spread(metrics.REPLY_SECONDS),
        "retries": _counts(metrics.MODEL_RETRIES),
        "lock": {"busy": _count(metrics.LOCK_BUSY), "lost": _count(metrics.LOCK_LOSSES)},
        "compactions": _counts(metrics.COMPACTIONS),
        "compaction_refusals": _counts(metrics.REFUSALS),
        "compaction_lag_seconds": _spread(metrics.COMPACTION_LAG),
        "tokens": {
            "input": _count(metrics.INPUT_TOKENS),
            "cached": _count(metrics.CACHED_TOKENS),
            "output": _count(metrics.OUTPUT_TOKENS),
            "saved": _count(metrics.SAVED_TOKENS),
        },
        "store_failures": {"load": _count(metrics.LOAD_FAILURES), "save": _count(metrics.SAVE_FAILURES)},
        "broker_failures": _count(metrics.PUBLISH_FAILURES),
        "inline": _count(metrics.INLINE_TURNS),
        "sweeps": _count(metrics.SWEEPS),
        "swept": _counts(metrics.SWEPT),
    }


def quantile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """Estimate a quantile as Prometheus does: evenly within its bucket.

    Args:
        buckets: upper bound and count up to it, from the lowest to infinity.
        share: 0.5 for the median.

    Returns:
        The estimate; the last finite bound where it lies above that; None where nothing was observed.
    """
    rank = share * buckets[-1][1]
    if not rank:
        return None
    for (lower, below), (upper, count) in pairwise([(0.0, 0.0), *buckets]):
        if count >= rank:
            return (
                lower if upper == float("inf") else lower + (upper - lower) * (rank - below) / (count - below)
            )
    return None


def _samples(metric: Counter | Histogram, ending: str) -> list[Sample]:
    return [each for family in metric.collect() for each in family.samples if each.name.endswith(ending)]


def _counts(metric: Counter) -> dict[str, int]:
    return {"/".join(each.labels.values()): int(each.value) for each in _samples(metric, "_total")}


def _count(metric: Counter) -> int:
    return sum(int(each.value) for each in _samples(metric, "_total"))


def _spread(metric: Histogram) -> dict[str, float | None]:
    """Give the number of observations and their quantiles, whatever they are labelled with."""
    total: dict[float, float] = {}
    for each in _samples(metric, "_bucket"):
        bound = float(each.labels["le"])
        total[bound] = total.get(bound, 0.0) + each.value
    buckets = sorted(total.items()) or [(float("inf"), 0.0)]
    told = {f"p{share * 100:g}": quantile(buckets, share) for share in (0.5, 0.95, 0.99)}
    return {"count": int(buckets[-1][1])} | {
        name: None if value is None else round(value, 4) for name, value in told.items()
    }
