"""What is no HTTP request, or too long a one: refused in the form of all errors, before the application.

gunicorn's own answer is a page of HTML, and what it could not read stands there and in its log: a header with
a stray control character may well be the one with the key.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from gunicorn.http import errors

from web import request_id
from web.headers import OF_ALL

_REFUSED: tuple[tuple[type[Exception], int, str, str], ...] = (
    (errors.LimitRequestLine, 414, "uri_too_long", "the path and its query are too long"),
    (errors.LimitRequestHeaders, 431, "headers_too_large", "the headers are too many, or too long"),
    (errors.ParseException, 400, "bad_request", "this is no request that can be read"),
)


def response(error: errors.ParseException) -> bytes:
    """Give the whole response, after which the connection is closed."""
    status, code, detail = next(
        (status, code, detail) for kind, status, code, detail in _REFUSED if isinstance(error, kind)
    )
    reason = HTTPStatus(status).phrase
    body = msgspec.json.encode({"title": reason, "status": status, "code": code, "detail": detail})
    headers = {
        "Connection": "close",
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        request_id.HEADER: request_id.new(),
        **OF_ALL,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {reason}\r\n{lines}\r\n".encode() + body
