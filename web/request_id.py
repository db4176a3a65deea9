"""The id of each request: the client's own, or a new one. Every answer has it, and every line about it.

Only in the header: a problem document says what is wrong, and its response which request it was about.
"""

from __future__ import annotations

import logging
import re
import time
from secrets import token_hex

from flask import Flask, Response, g, request

from backscroll import logs

HEADER = "X-Request-ID"

log = logging.getLogger("web.access")

# Visible ASCII without spaces: it stands in lines of log as it is.
_WELL_FORMED = re.compile(r"[!-~]{1,128}")
_REPLY = re.compile(r"r_[0-9a-f]{24}")


def register(app: Flask) -> None:
    """Give each request of `app` its id, and at INFO a line. To be registered before all that may refuse."""
    app.before_request(_begin)
    app.after_request(_end)


def new() -> str:
    """Make an id that no request has yet."""
    return token_hex(16)


def current() -> str:
    """Give this request's id."""
    found: str = g.request_id
    return found


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.request_id = given if _WELL_FORMED.fullmatch(given) else new()
    g.began = time.perf_counter()
    logs.begin(request_id=g.request_id)
    reply = (request.view_args or {}).get("rid", "")
    if _REPLY.fullmatch(reply):  # what somebody else made up is nothing to write down
        logs.add(reply=reply)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    if log.isEnabledFor(logging.INFO):
        # The route and not the path, in which the session has its name.
        route = request.url_rule.rule if request.url_rule else "none"
        seconds = time.perf_counter() - g.began
        log.info(
            "request: method=%s route=%s status=%d seconds=%.6f",
            request.method,
            route,
            response.status_code,
            seconds,
        )
    return response
