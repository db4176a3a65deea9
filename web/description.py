"""The API's description: as OpenAPI for programs, and as a page without any script for people.

Both are made at their first request: a process that is not asked for them does not even load them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from flask import Blueprint, Response, render_template, request

from backscroll.settings import WebSettings
from web.backend import Backend

_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def routes(backend: Backend) -> Blueprint:
    """Give the routes for the description."""
    blueprint = Blueprint("description", __name__)
    limits = backend.settings.web

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return _made(_openapi(limits), "application/json")

    @blueprint.get("/docs")
    def page() -> Response:
        response = _made(_page(limits), "text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _PAGE_POLICY
        return response

    @blueprint.get("/docs/style.css")
    def style() -> Response:
        return _made(_style(), "text/css; charset=utf-8")

    return blueprint


def _made(body: bytes, kind: str) -> Response:
    response = Response(body, content_type=kind)
    response.headers["Cache-Control"] = "no-cache"  # asked again each time, and sent only when it has changed
    response.add_etag()
    response.make_conditional(request)
    return response


@cache
def _openapi(limits: WebSettings) -> bytes:
    from web.openapi.document import document

    return msgspec.json.encode(document(limits))


@cache
def _page(limits: WebSettings) -> bytes:
    from web.openapi.page import context

    return render_template("docs.html", **context(limits)).encode()


@cache
def _style() -> bytes:
    return (Path(__file__).parent / "templates" / "docs.css").read_bytes()
