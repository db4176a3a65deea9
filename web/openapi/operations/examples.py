"""What answers look like, for people."""

from __future__ import annotations

from typing import Any

from web.openapi.operations.shared import ID

ACCEPTED: dict[str, Any] = {
    "id": ID,
    "session": "s1",
    "status": "queued",
    "position": 0,
    "location": f"/v1/sessions/s1/replies/{ID}",
}

REPLY: dict[str, Any] = {
    "id": ID,
    "session": "s1",
    "status": "completed",
    "text": "Noted: 4711-B.",
    "parts": [{"type": "text", "text": "Noted: 4711-B."}],
    "usage": {
        "prompt_tokens": 19,
        "output_tokens": 7,
        "thought_tokens": None,
        "cached_tokens": None,
        "total_tokens": 26,
    },
    "model": "gemini-3.5-flash",
    "degraded": False,
    "degraded_reason": None,
    "recorded": True,
    "error": None,
    "attempts": 1,
    "position": None,
    "seq": 2,
    "created_at": "2026-11-29T10:00:00.000Z",
    "started_at": "2026-11-29T10:00:00.012Z",
    "finished_at": "2026-11-29T10:00:01.480Z",
}

EVENTS = (
    "retry: 1000\n\n"
    "id: 1795748400123-0\nevent: status\n"
    'data: {"status":"in_progress","attempt":1}\n\n'
    "id: 1795748400125-0\nevent: delta\n"
    'data: {"text":"Noted: 4711-B."}\n\n'
)

TRANSCRIPT: dict[str, Any] = {
    "session": "s1",
    "view": "transcript",
    "messages": [
        {
            "seq": 1,
            "role": "user",
            "recovered": False,
            "ts": "2026-11-29T10:00:00.000Z",
            "text": "My locker has the code 4711-B.",
            "parts": [{"type": "text", "text": "My locker has the code 4711-B."}],
            "model": None,
            "usage": None,
        }
    ],
    "next": 1,
}

COMPACTING: dict[str, Any] = {"session": "s1", "compaction": "queued"}

RESTORED: dict[str, Any] = {
    "session": "s1",
    "chapters_restored": 1,
    "messages_restored": 40,
    "watermark": 0,
    "context_tokens": 9_120,
}
