"""The deployment as a whole, for whoever runs it."""

from __future__ import annotations

from web.openapi.operations.shared import json
from web.openapi.table import Operation, Resource

_EXAMPLE = {
    "at": "2026-11-29T10:49:30.719Z",
    "down": [],
    "milliseconds": {"store": 1.9, "broker": 4.3},
    "work": {
        "sessions": 2,
        "locked": 1,
        "replies": 3,
        "oldest_reply": 1.2,
        "compactions": 1,
        "lag": 0.8,
    },
    "queues": {"replies": 1, "compaction": 0},
    "workers": [
        {
            "name": "replies@one",
            "version": "0.1.0",
            "queues": ["replies"],
            "clock": "2026-11-29T10:49:15.871Z",
            "seen": "2026-11-29T10:49:16.884Z",
        }
    ],
    "totals": {
        "turns": 15,
        "tokens_per_turn": 598,
        "compactions": 2,
        "refused": {"language": 1},
        "discarded": 0,
        "summary_calls": 3,
        "summary_input_tokens": 11760,
        "summary_output_tokens": 600,
        "tokens_saved": 5920,
    },
}

RESOURCE = Resource(
    name="Operators",
    description="For whoever runs it.",
    operations=(
        Operation(
            method="get",
            path="/v1/deployment",
            id="getDeployment",
            summary="What waits, who works, what has it cost?",
            description="Counts, and names no session. What cannot be read at the moment is null.",
            answers=(json(200, "As it is now.", "Deployment", example=_EXAMPLE),),
            problems=("unauthorized", "rate_limited"),
        ),
    ),
)
