"""The console: one page at `/`, which talks to the public API and to nothing else.

Its files are read once, when the application is made: what is served is what this process was started with,
and no request names a path.
"""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, request

_FILES = Path(__file__).with_name("console")
_PAGE = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The page shows what models and strangers said. Should any of it ever become markup, it may do nothing.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # a session's name stands in the address
    "X-Content-Type-Options": "nosniff",
    # The modules name one another without a version: each is asked for again, and answered 304.
    "Cache-Control": "no-cache",
}


def routes() -> Blueprint:
    """Give the routes for the page and its files. They are open: the API behind them asks for keys."""
    blueprint = Blueprint("console", __name__)
    files = {path.name: path.read_bytes() for path in sorted(_FILES.iterdir()) if path.suffix in _TYPES}

    @blueprint.get("/")
    def page() -> Response:
        return _file(_PAGE, files[_PAGE])

    @blueprint.get("/console/<name>")
    def file(name: str) -> Response:
        if name not in files:
            abort(404)
        return _file(name, files[name])

    return blueprint


def _file(name: str, content: bytes) -> Response:
    response = Response(content, content_type=_TYPES[Path(name).suffix], headers=_HEADERS)
    response.add_etag()
    response.make_conditional(request)
    return response
