"""The rule for every key of ours, whoever wrote it: it has an expiry (F39)."""

from __future__ import annotations

import redis as redis_py

from backscroll.store import keys


def eternal(client: redis_py.Redis, pattern: str = f"{keys.PREFIX}*") -> list[str]:
    """Name the keys like `pattern` that never expire."""
    return [key.decode() for key in client.scan_iter(pattern) if client.pttl(key) == -1]
