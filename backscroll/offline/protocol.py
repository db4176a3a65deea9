"""Gemini's protocol: what a request must be, and what responses and errors look like."""

from __future__ import annotations

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
_ROLES = ("user", "model", "function", None)


def wrong(body: Any) -> str | None:
    """Say what is wrong with a request, or None when the real thing would take it."""
    if not isinstance(body, dict):
        return "the body is not a JSON object"
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        return "contents is not specified"
    for content in contents:
        if (
            not isinstance(content, dict)
            or not isinstance(content.get("parts"), list)
            or not content["parts"]
        ):
            return "contents.parts must not be empty"
        if content.get("role") not in _ROLES:
            return "Please use a valid role: user, model."
        if not all(isinstance(part, dict) for part in content["parts"]):
            return "a part must be an object"
    return None


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
