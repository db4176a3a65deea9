"""What is counted of HTTP requests, and of answering without workers or history."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from backscroll.metrics.registry import MOMENTS, REGISTRY

REQUESTS = Counter(
    "backscroll_http_requests_total",
    "Requests by method, route and status; of a stream of events, when it begins.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
ACCEPT_SECONDS = Histogram(
    "backscroll_accept_duration_seconds",
    "From a message's arrival until it is safe in the session's inbox and a bell is rung.",
    buckets=MOMENTS,
    registry=REGISTRY,
)
REFUSED = Counter(
    "backscroll_refused_requests_total",
    "Requests refused for want of a key or of room, by code: unauthorized, inbox_full and so on.",
    ["code"],
    registry=REGISTRY,
)
UNCHECKED = Counter(
    "backscroll_unchecked_limits_total",
    "Limits of tenants that Redis could not check or count, so that nobody was stopped by them: "
    "requests (counted in the process instead), sessions, tokens.",
    ["limit"],
    registry=REGISTRY,
)
INLINE_TURNS = Counter(
    "backscroll_inline_sessions_total",
    "Sessions that a process took to itself because the broker carried no bell.",
    registry=REGISTRY,
)
DEGRADED = Counter(
    "backscroll_degraded_turns_total",
    "Turns answered without their history, by reason.",
    ["reason"],
    registry=REGISTRY,
)
SPOOLED = Counter(
    "backscroll_spooled_turns_total",
    "Degraded turns by what the spool did with them: written, full, failed.",
    ["result"],
    registry=REGISTRY,
)
for _result in ("written", "full", "failed"):
    SPOOLED.labels(_result)  # told from the start: see SEALED
SPOOL_BYTES = Gauge(
    "backscroll_spool_bytes",
    "Bytes that wait in this machine's spool for the history store.",
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
MERGED = Counter(
    "backscroll_merged_turns_total",
    "Spooled turns by what became of them: merged, or dropped for a reason.",
    ["result"],
    registry=REGISTRY,
)
