"""What is counted of compactions."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from backscroll.metrics.registry import BACKGROUND, REGISTRY

COMPACTIONS = Counter(
    "backscroll_compactions_total",
    "Compactions by result: applied, offered (to the lock's holder), discarded, refused, handed_back.",
    ["result"],
    registry=REGISTRY,
)
REFUSALS = Counter(
    "backscroll_compaction_refusals_total",
    "Summaries that were refused, by the gate's reason or the code of the model's error.",
    ["reason"],
    registry=REGISTRY,
)
COMPACTION_SECONDS = Histogram(
    "backscroll_compaction_duration_seconds",
    "From a snapshot until its summary was brought home.",
    buckets=BACKGROUND,
    registry=REGISTRY,
)
COMPACTION_LAG = Histogram(
    "backscroll_compaction_lag_seconds",
    "From the turn that made a compaction due until it was brought home.",
    buckets=BACKGROUND,
    registry=REGISTRY,
)
SAVED_TOKENS = Counter(
    "backscroll_saved_tokens_total",
    "Tokens that contexts lost by compactions that were applied or offered.",
    registry=REGISTRY,
)
COMPACTION_PAUSED = Gauge(
    "backscroll_compaction_paused",
    "1 while an operator has this worker's compactions paused.",
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
