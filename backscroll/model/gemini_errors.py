"""What the API says when it does not answer: whether to try again, and after how long."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from backscroll.errors import PermanentError, TransientError

_TRANSIENT_STATUS = frozenset({408, 425, 429, 499, 500, 502, 503, 504})
# A day: whoever asks for more is asked again all the same.
_LONGEST_DELAY = 86_400.0
# Characters of what a provider says; a proxy's is a page of HTML.
_LONGEST_MESSAGE = 1_000


def refusal(
    code: object, said: str, *, details: Any = None, headers: Mapping[str, str] | None = None
) -> TransientError | PermanentError:
    """Make an error of ours of what the API answered instead of an answer.

    Args:
        code: the HTTP status, or what stands for it in a stream.
        said: the provider's own message, for people.
        details: the whole body of the error.
        headers: those of the response, where there was one.
    """
    message = said if len(said) <= _LONGEST_MESSAGE else said[:_LONGEST_MESSAGE] + "…"
    if code in _TRANSIENT_STATUS:
        kind = "model_rate_limited" if code == 429 else "model_unavailable"
        return TransientError(kind, message, delay=pause(details, headers or {}))
    return PermanentError("model_not_found" if code == 404 else "model_refused", message)


def pause(details: Any, headers: Mapping[str, str]) -> float | None:
    """Find the pause, in seconds, that the server asks for: a RetryInfo detail, else a Retry-After header."""
    for text in (*_retry_infos(details), headers.get("retry-after", "")):
        try:
            seconds = float(str(text).removesuffix("s"))
        except ValueError:
            continue  # a date, or nothing: not a number of seconds
        if math.isfinite(seconds):
            return min(max(0.0, seconds), _LONGEST_DELAY)
    return None


def _retry_infos(details: Any) -> Iterator[Any]:
    # Proxies answer in forms of their own: whatever is not Google's is passed over.
    body = details[0] if isinstance(details, list) and details else details
    error = body.get("error") if isinstance(body, dict) else None
    found = error.get("details") if isinstance(error, dict) else None
    for detail in found if isinstance(found, list) else ():
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("RetryInfo"):
            yield detail.get("retryDelay", "")
