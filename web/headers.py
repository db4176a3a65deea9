"""What every answer tells browsers: nothing in it runs, is guessed at, or is kept by others."""

from __future__ import annotations

from flask import Flask, Response

OF_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def register(app: Flask) -> None:
    """Add to every answer of `app` what its route has not said itself, errors included."""
    app.after_request(_harmless)


def _harmless(response: Response) -> Response:
    # Looked for once: `setdefault` goes through all there are, twice for each of these.
    said = {name.lower() for name in response.headers.keys()}  # noqa: SIM118  (iterating gives pairs)
    for name, value in OF_ALL.items():
        if name.lower() not in said:
            response.headers.add(name, value)
    return response
