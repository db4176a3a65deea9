"""The application factory: what is made once per process, and which routes there are."""

from __future__ import annotations

import os

from flask import Flask

from backscroll.api_keys import ApiKeys
from backscroll.doorbell import Doorbell, celery_app
from backscroll.errors import InvalidSetting
from backscroll.settings import Settings, load
from backscroll.store.ended import Ended
from backscroll.store.following import Following
from backscroll.store.redis import Store
from web import (
    access,
    compactions,
    console,
    deployment,
    events,
    health,
    limits,
    media,
    messages,
    metrics,
    problems,
    replies,
    sessions,
)
from web.backend import Backend
from web.inline import Inline
from web.limits import Limits


def create_app(settings: Settings | None = None) -> Flask:
    """Make the WSGI application. Nothing is connected before the first request.

    Args:
        settings: read from the environment by default.

    Raises:
        SystemExit: for a setting that cannot be used; the message names it.
    """
    try:
        settings = settings or load(os.environ)
        api_keys = ApiKeys(settings.access.api_keys)
    except InvalidSetting as error:
        raise SystemExit(f"backscroll: {error}") from None
    store = Store(settings.store)
    bell = Doorbell(
        celery_app(settings.worker, publishes_only=True), probe_interval=settings.store.probe_interval
    )
    backend = Backend(
        settings=settings,
        store=store,
        ended=Ended(store),
        following=Following(store),
        bell=bell,
        inline=Inline(settings, store, bell),
        limits=Limits(store, settings.access),
    )
    app = Flask("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.web.body_bytes
    app.extensions["backscroll"] = backend
    problems.register(app)
    access.register(app, api_keys)
    limits.register(app, backend.limits)
    app.register_blueprint(console.routes())
    app.register_blueprint(health.routes(backend))
    app.register_blueprint(metrics.routes())
    app.register_blueprint(deployment.routes(backend), url_prefix="/v1")
    for routes in (
        messages.routes,
        replies.routes,
        events.routes,
        sessions.routes,
        compactions.routes,
        media.routes,
    ):
        app.register_blueprint(routes(backend), url_prefix="/v1/sessions/<sid>")
    return app
