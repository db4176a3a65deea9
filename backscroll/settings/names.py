"""The environment variable of each setting."""

from __future__ import annotations

PREFIX = "BACKSCROLL_"

# What `backscroll chat` and `replay` read, and servers that share an environment with them do not.
OF_CLIENTS = frozenset({"BACKSCROLL_API_KEY"})

# Variables that other tools read too keep the names that those tools gave them.
_SHARED = {
    "redis_url": "REDIS_URL",
    "broker_url": "BROKER_URL",
    "api_key": "GEMINI_API_KEY",
    "base_url": "GOOGLE_GEMINI_BASE_URL",
}


def variable(field: str) -> str:
    """Name the environment variable of a setting."""
    return _SHARED.get(field, PREFIX + field.upper())
