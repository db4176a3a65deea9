"""The thin HTTP face: a request becomes a reply to poll or wait for. No model here, no summarising.

    gunicorn 'web:create_app()'

The application is imported only when it is made: gevent must patch the standard library before anything
that opens a socket is loaded, and gunicorn reads its settings from this package before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from backscroll.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Make the WSGI application.

    Args:
        settings: read from the environment by default.

    Raises:
        SystemExit: for a setting that cannot be used; the message names it.
    """
    from web import app

    return app.create_app(settings)
