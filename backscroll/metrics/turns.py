"""What is counted of turns and of the models that answer them."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from backscroll.metrics.registry import REGISTRY, WAITS

TURNS = Counter(
    "backscroll_turns_total",
    "Turns that a process had, by ending: completed, incomplete, failed; snoozed, handed_back, lost.",
    ["ending"],
    registry=REGISTRY,
)
TURNS_IN_WORK = Gauge(
    "backscroll_turns_in_work",
    "Turns that are being answered.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
QUEUE_WAIT = Histogram(
    "backscroll_queue_wait_seconds",
    "From a message's acceptance to its first attempt, by what it waited for: a worker, or the session's "
    "turn before it.",
    ["waited_for"],
    buckets=WAITS,
    registry=REGISTRY,
)
REPLY_SECONDS = Histogram(
    "backscroll_reply_duration_seconds",
    "From a message's acceptance until its answer was committed.",
    buckets=WAITS,
    registry=REGISTRY,
)
LOCK_BUSY = Counter(
    "backscroll_lock_busy_total",
    "Bells for sessions that somebody else held: left to the holder.",
    registry=REGISTRY,
)
LOCK_LOSSES = Counter(
    "backscroll_lock_losses_total",
    "Session locks that passed to somebody else during a turn: cancelled, deleted, or overslept.",
    registry=REGISTRY,
)
MODEL_SECONDS = Histogram(
    "backscroll_model_duration_seconds",
    "One call of a model that answered, by the model's role.",
    ["role"],
    buckets=WAITS,
    registry=REGISTRY,
)
MODEL_ERRORS = Counter(
    "backscroll_model_errors_total",
    "Calls of a model that failed, by its role and the error's code.",
    ["role", "code"],
    registry=REGISTRY,
)
MODEL_RETRIES = Counter(
    "backscroll_model_retries_total",
    "Calls of a model that were tried again, by the code of the error before.",
    ["code"],
    registry=REGISTRY,
)
INPUT_TOKENS = Counter(
    "backscroll_input_tokens_total",
    "Tokens that models read, by role; those from their cache, too.",
    ["role"],
    registry=REGISTRY,
)
CACHED_TOKENS = Counter(
    "backscroll_cached_tokens_total",
    "Of the tokens that models read, those from their cache, by role.",
    ["role"],
    registry=REGISTRY,
)
OUTPUT_TOKENS = Counter(
    "backscroll_output_tokens_total",
    "Tokens that models wrote, by role; their thoughts, too.",
    ["role"],
    registry=REGISTRY,
)
