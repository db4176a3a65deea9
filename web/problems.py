"""Errors as clients see them: RFC 9457 problem details, with a stable `code`.

The table is the whole mapping from errors to HTTP; no route decides on a status of its own.
"""

from __future__ import annotations

import logging
import math

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from backscroll import metrics
from backscroll.errors import (
    BackscrollError,
    BusyError,
    InboxFull,
    InvalidRequest,
    LimitReached,
    Malformed,
    NotFound,
    Sealed,
    SessionBusy,
    StoreUnavailable,
    TooLarge,
    Unauthorized,
    frames,
)

log = logging.getLogger(__name__)

# The first line that fits decides: those that say more stand above those that say less.
_STATUS: tuple[tuple[type[BackscrollError], int, str], ...] = (
    (Malformed, 400, "The request cannot be read"),
    (TooLarge, 413, "The request is too large"),
    (InvalidRequest, 422, "The request holds an invalid value"),
    (Unauthorized, 401, "Not authorized"),
    (NotFound, 404, "Not found"),
    (SessionBusy, 409, "The session is busy"),
    (InboxFull, 429, "Too many messages wait"),
    (LimitReached, 429, "The tenant has reached a limit"),
    (StoreUnavailable, 503, "The history store is not available"),
    (Sealed, 503, "What is stored cannot be opened"),
    (BackscrollError, 500, "Internal error"),
)

_STORE_RETRY = 2.0


def register(app: Flask) -> None:
    """Let every error of `app` leave as a problem document."""
    app.register_error_handler(BackscrollError, _ours)
    app.register_error_handler(HTTPException, _of_flask)
    app.register_error_handler(Exception, _unexpected)


def document(error: BackscrollError) -> dict[str, object]:
    """Describe an error, also where it is too late for a response of its own: within a stream."""
    status, title = _status(error)
    return _document(status, title, error.code, error.message, getattr(error, "field", None))


def _ours(error: BackscrollError) -> Response:
    status, title = _status(error)
    delay = _STORE_RETRY if isinstance(error, StoreUnavailable) else getattr(error, "delay", None)
    # An outage of the store is logged once, where it begins, and counted from there on.
    if status >= 500 and not isinstance(error, StoreUnavailable):
        log.warning("%s: %s", error.code, error.message)
    response = _problem(status, title, error.code, error.message, getattr(error, "field", None), delay)
    if isinstance(error, Unauthorized | BusyError):
        metrics.REFUSED.labels(error.code).inc()
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="backscroll"'
    return response


def _status(error: BackscrollError) -> tuple[int, str]:
    return next((status, title) for kind, status, title in _STATUS if isinstance(error, kind))


def _of_flask(error: HTTPException) -> Response:
    status = error.code or 500
    title = error.name
    code = "too_large" if isinstance(error, RequestEntityTooLarge) else title.lower().replace(" ", "_")
    response = _problem(status, title, code, error.description or title)
    if allowed := getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected %s\n%s", type(error).__name__, frames(error))
    return _problem(500, "Internal error", "internal_error", "the request could not be handled")


def _problem(
    status: int, title: str, code: str, detail: str, field: str | None = None, delay: float | None = None
) -> Response:
    body = msgspec.json.encode(_document(status, title, code, detail, field))
    response = Response(body, status, content_type="application/problem+json")
    if delay is not None:
        response.headers["Retry-After"] = str(math.ceil(delay))
    return response


def _document(status: int, title: str, code: str, detail: str, field: str | None) -> dict[str, object]:
    body: dict[str, object] = {"title": title, "status": status, "code": code, "detail": detail}
    return body | {"field": field} if field is not None else body
