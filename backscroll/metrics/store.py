"""What is counted of Redis, the broker, and what waits there."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from backscroll.metrics.registry import REGISTRY

LOAD_FAILURES = Counter(
    "backscroll_load_failures_total", "Reads that the history store did not serve.", registry=REGISTRY
)
SAVE_FAILURES = Counter(
    "backscroll_save_failures_total", "Writes that the history store did not take.", registry=REGISTRY
)
PUBLISH_FAILURES = Counter(
    "backscroll_publish_failures_total", "Doorbells that the broker did not take.", registry=REGISTRY
)
BREAKER_OPEN = Gauge(
    "backscroll_breaker_open",
    "1 while calls to a dependency fail at once: store, broker, reply_model and so on.",
    ["dependency"],
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
SEALED = Counter(
    "backscroll_sealed_values_total",
    "Stored values that did not open, by why: no_key, not_authentic.",
    ["reason"],
    registry=REGISTRY,
)
# Told from the start: an alert sees a counter rise only where it was told before.
for _reason in ("no_key", "not_authentic"):
    SEALED.labels(_reason)
DUE = Gauge(
    "backscroll_due_sessions",
    "Sessions of the whole deployment with turns in work or waiting (replies), or a compaction (compaction).",
    ["queue"],
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
OVERDUE_SECONDS = Gauge(
    "backscroll_overdue_seconds",
    "For how long the most overdue session has been left alone; over a sweep's interval: nobody sweeps.",
    ["queue"],
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
WAITING = Gauge(
    "backscroll_waiting_replies",
    "Replies of the whole deployment that wait or are in work.",
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
OLDEST_SECONDS = Gauge(
    "backscroll_oldest_seconds",
    "For how long the oldest reply, or compaction, has waited or been in work; 0: there is none.",
    ["queue"],
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
SWEEPS = Counter(
    "backscroll_sweeps_total", "Looks at what is overdue, by the process that did.", registry=REGISTRY
)
SWEPT = Counter(
    "backscroll_swept_sessions_total",
    "Overdue sessions that a sweep rang for again, by queue.",
    ["queue"],
    registry=REGISTRY,
)
