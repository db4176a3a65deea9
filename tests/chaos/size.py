"""How large the deployment of a chaos run is, and how short its times are."""

from __future__ import annotations

from tests.stack.stack import QUICK

WEBS, REPLY_WORKERS, COMPACTION_WORKERS = 2, 3, 2
LEASE = float(QUICK["BACKSCROLL_LOCK_LEASE"])

# A turn takes long enough to be met by a fault, and compactions come often.
MODEL_OPTIONS = ("--delay", "0.3", "--summary-delay", "0.8")
SETTINGS = {
    "BACKSCROLL_ATTEMPT_TIMEOUT": "3",
    "BACKSCROLL_REPLY_DEADLINE": "20",
    "BACKSCROLL_SUMMARY_DEADLINE": "8",
    "BACKSCROLL_COMPACTION_LEASE": "10",
    "BACKSCROLL_RECENT_TURNS": "3",
    "BACKSCROLL_TRIGGER_TURNS": "5",
}
