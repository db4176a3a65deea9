"""What is counted of failures and of what was done about them, for Prometheus.

Every name that is counted stands here, so that a dashboard can be written from this page. Labels are of a few
fixed values each: never a session, a tenant, a key or a text.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

# A registry of our own: what a library registers by itself is not our interface.
REGISTRY = CollectorRegistry()

LOAD_FAILURES = Counter(
    "backscroll_load_failures_total", "Reads that the history store did not serve.", registry=REGISTRY
)
SAVE_FAILURES = Counter(
    "backscroll_save_failures_total", "Writes that the history store did not take.", registry=REGISTRY
)
PUBLISH_FAILURES = Counter(
    "backscroll_publish_failures_total", "Doorbells that the broker did not take.", registry=REGISTRY
)
INLINE_TURNS = Counter(
    "backscroll_inline_sessions_total", "Sessions that a web process answered itself.", registry=REGISTRY
)
DEGRADED = Counter(
    "backscroll_degraded_turns_total", "Turns answered without their history.", ["reason"], registry=REGISTRY
)
SPOOLED = Counter(
    "backscroll_spooled_turns_total",
    "Degraded turns by what the spool did with them: written, full, failed.",
    ["result"],
    registry=REGISTRY,
)
MERGED = Counter(
    "backscroll_merged_turns_total",
    "Spooled turns by what became of them: merged, or dropped for a reason.",
    ["result"],
    registry=REGISTRY,
)
SEALED = Counter(
    "backscroll_sealed_values_total",
    "Stored values that did not open, by why: no_key, not_authentic.",
    ["reason"],
    registry=REGISTRY,
)
BREAKER_OPEN = Gauge(
    "backscroll_breaker_open",
    "1 while calls to a dependency fail at once: store, broker, reply_model and so on.",
    ["dependency"],
    registry=REGISTRY,
)
REFUSED = Counter(
    "backscroll_refused_requests_total",
    "Requests refused for want of a key, or because their tenant has as much as it may: by code.",
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
