"""Gemini's protocol: what responses and errors look like."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from uuid import uuid4

from backscroll.offline.faults import Fault

_STATUS = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_STANDARD = str.maketrans("-_", "+/")


class Refused(Exception):
    """A request that the real thing would not take, and what it would say."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def decoded(data: str) -> bytes:
    """Give the bytes of a field that holds some: base64 of either alphabet, padded or not.

    Raises:
        ValueError: when it is not that.
    """
    bare = data.translate(_STANDARD).rstrip("=")
    return b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def error(code: int, message: str, fault: Fault | None = None) -> dict[str, Any]:
    """Give an error in Google's form."""
    details: list[dict[str, Any]] = []
    if fault is not None and fault.retry_delay is not None:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": f"{fault.retry_delay:g}s"})
    return {"error": {"code": code, "message": message, "status": _STATUS[code], "details": details}}


def chunk(
    model: str,
    response_id: str,
    parts: list[dict[str, Any]],
    finish: str | None,
    usage: dict[str, int] | None,
) -> dict[str, Any]:
    """Give one response, whole or a piece of a stream."""
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": parts}
    if finish is not None:
        candidate["finishReason"] = finish
    found: dict[str, Any] = {"candidates": [candidate], "modelVersion": model, "responseId": response_id}
    if usage is not None:
        found["usageMetadata"] = usage
    return found


def blocked(model: str, usage: dict[str, int]) -> dict[str, Any]:
    """Give the response to a prompt that was blocked."""
    return {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "modelVersion": model,
        "usageMetadata": usage,
    }


def empty(model: str, usage: dict[str, int]) -> dict[str, Any]:
    """Give a response without candidates."""
    return {"modelVersion": model, "usageMetadata": usage}


def response_id() -> str:
    """Give a name for a response."""
    return uuid4().hex[:16]
