"""The application factory: what is made once per process, and which routes there are."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from backscroll import tracing
from backscroll.api_keys import ApiKeys
from backscroll.doorbell import Doorbell
from backscroll.errors import InvalidSetting
from backscroll.settings import Settings, load
from backscroll.spool.files import Spool
from backscroll.spool.merge import Merger
from backscroll.store import bounds
from backscroll.store.ended import Ended
from backscroll.store.following import Following
from backscroll.store.recover import DegradedTurn, Recovered
from backscroll.store.redis import Store
from web import (
    access,
    compactions,
    console,
    deployment,
    description,
    events,
    headers,
    health,
    limits,
    media,
    messages,
    metrics,
    problems,
    replies,
    request_id,
    sessions,
)
from web.backend import Backend
from web.degraded import Degraded
from web.inline import Inline
from web.limits import Limits
from web.remembered import Remembered


def create_app(settings: Settings | None = None) -> Flask:
    """Make the WSGI application. Nothing is connected before the first request, unless the spool holds turns.

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
    tracing.set_up("web", os.environ)
    store = Store(settings.store)
    remembered = Remembered()
    spool = Spool(Path(settings.degraded.spool_dir), settings.store.redis_url, settings.degraded.spool_bytes)
    bell = Doorbell(
        settings.worker, probe_interval=settings.store.probe_interval, history_url=settings.store.redis_url
    )

    def settled(turn: DegradedTurn, became: Recovered) -> None:
        remembered.settled(turn)
        # Nobody could count it while the store was away. What another process has seen to, that one counts.
        if turn.answer is not None and became in ("merged", "answered"):
            spent = bounds.tokens_of(turn.answer.usage)
            bounds.spend(store, settings.access, turn.session.tenant, turn.reply_id, spent)

    backend = Backend(
        settings=settings,
        store=store,
        ended=Ended(store),
        following=Following(store),
        bell=bell,
        inline=Inline(settings, store, bell),
        limits=Limits(store, settings.access),
        remembered=remembered,
        degraded=Degraded(settings, store, spool, remembered),
        merger=Merger(spool, store, settled=settled, ring=bell.ring),
    )
    app = Flask("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.web.body_bytes
    app.extensions["backscroll"] = backend
    app.url_map.merge_slashes = False  # what is asked for is what is meant, or it is not there
    request_id.register(app)
    problems.register(app)
    headers.register(app)
    access.register(app, api_keys)
    limits.register(app, backend.limits)
    app.register_blueprint(console.routes())
    app.register_blueprint(health.routes(backend))
    metrics.register(app)
    app.register_blueprint(metrics.routes(store, spool))
    app.register_blueprint(description.routes(backend))
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
    # What a process before this one has left behind is seen to as well.
    backend.merger.start()
    return app
