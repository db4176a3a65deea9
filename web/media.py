"""Media of a session, byte for byte as they were said."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from backscroll.errors import InvalidRequest, NotFound
from backscroll.store import media
from web.backend import Backend

_SHA256 = re.compile(r"[0-9a-f]{64}")
# Whoever posts a page with a script in it must not have it run with the rights of this origin.
_HARMLESS = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


def routes(backend: Backend) -> Blueprint:
    """Give the routes for media."""
    blueprint = Blueprint("media", __name__)

    @blueprint.get("/media/<sha256>")
    def get(sid: str, sha256: str) -> Response:
        session = backend.session(sid)
        if not _SHA256.fullmatch(sha256):
            raise InvalidRequest("sha256", "must be 64 hexadecimal digits, in small letters")
        found = media.read(backend.store, session, [sha256]).get(sha256)
        if found is None:
            raise NotFound(f"session {sid} has no media {sha256}")
        response = Response(found.data, content_type=found.mime or "application/octet-stream")
        response.headers.update(_HARMLESS)
        response.headers["Cache-Control"] = "private, immutable"
        response.set_etag(sha256)
        response.make_conditional(request)
        return response

    return blueprint
