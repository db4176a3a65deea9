"""All that is counted and timed, for Prometheus, by subject.

Every name stands here, and in docs/metrics.md. Labels are of a few fixed values each: never a session, a
tenant, a key or a text.
"""

from __future__ import annotations

from backscroll.metrics.compactions import (
    COMPACTION_LAG,
    COMPACTION_PAUSED,
    COMPACTION_SECONDS,
    COMPACTIONS,
    REFUSALS,
    SAVED_TOKENS,
)
from backscroll.metrics.registry import REGISTRY
from backscroll.metrics.requests import (
    ACCEPT_SECONDS,
    DEGRADED,
    INLINE_TURNS,
    MERGED,
    REFUSED,
    REQUESTS,
    SPOOL_BYTES,
    SPOOLED,
    UNCHECKED,
)
from backscroll.metrics.store import (
    BREAKER_OPEN,
    DUE,
    LOAD_FAILURES,
    OLDEST_SECONDS,
    OVERDUE_SECONDS,
    PUBLISH_FAILURES,
    SAVE_FAILURES,
    SEALED,
    SWEEPS,
    SWEPT,
    WAITING,
)
from backscroll.metrics.turns import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    LOCK_BUSY,
    LOCK_LOSSES,
    MODEL_ERRORS,
    MODEL_RETRIES,
    MODEL_SECONDS,
    OUTPUT_TOKENS,
    QUEUE_WAIT,
    REPLY_SECONDS,
    TURNS,
    TURNS_IN_WORK,
)

__all__ = [
    "ACCEPT_SECONDS",
    "BREAKER_OPEN",
    "CACHED_TOKENS",
    "COMPACTIONS",
    "COMPACTION_LAG",
    "COMPACTION_PAUSED",
    "COMPACTION_SECONDS",
    "DEGRADED",
    "DUE",
    "INLINE_TURNS",
    "INPUT_TOKENS",
    "LOAD_FAILURES",
    "LOCK_BUSY",
    "LOCK_LOSSES",
    "MERGED",
    "MODEL_ERRORS",
    "MODEL_RETRIES",
    "MODEL_SECONDS",
    "OLDEST_SECONDS",
    "OUTPUT_TOKENS",
    "OVERDUE_SECONDS",
    "PUBLISH_FAILURES",
    "QUEUE_WAIT",
    "REFUSALS",
    "REFUSED",
    "REGISTRY",
    "REPLY_SECONDS",
    "REQUESTS",
    "SAVED_TOKENS",
    "SAVE_FAILURES",
    "SEALED",
    "SPOOLED",
    "SPOOL_BYTES",
    "SWEEPS",
    "SWEPT",
    "TURNS",
    "TURNS_IN_WORK",
    "UNCHECKED",
    "WAITING",
]
