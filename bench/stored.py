"""What a message weighs in Redis, live and archived, against its text."""

from __future__ import annotations

import httpx2

from bench.deployed import Deployed
from bench.row import Row


def stored(ours: Deployed, sid: str) -> list[Row]:
    """Measure row 8 on a session that has been compacted."""
    texts = _texts(ours, sid)
    watermark = httpx2.get(f"{ours.url}/v1/sessions/{sid}").raise_for_status().json()["watermark"]
    return [
        _row("live", ours, sid, "live", sum(texts[watermark:]), 1.3),
        _row("archived", ours, sid, "archive", sum(texts[:watermark]), 0.5),
    ]


def _row(what: str, ours: Deployed, sid: str, key: str, text: int, goal: float) -> Row:
    (name,) = ours.redis.keys(f"bs:*:default/{sid}:{key}")
    held = ours.redis.memory_usage(name, samples=0)
    return Row(
        number=8,
        measure=f"bytes in Redis of {what} messages, against their text",
        ours=f"{held:,} bytes",
        against=f"text {text:,}",
        value=round(held / text, 2),
        bound="<=",
        goal=goal,
        unit="times",
    )


def _texts(ours: Deployed, sid: str) -> list[int]:
    """Give the bytes of each message's text, in order."""
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = httpx2.get(
            f"{ours.url}/v1/sessions/{sid}/history",
            params={"view": "transcript", "after": after, "limit": 500},
            timeout=30,
        )
        body = page.raise_for_status().json()
        found += [len(message["text"].encode()) for message in body["messages"]]
        after = body["next"]
    return found
