"""Replies: to poll, to wait for, to cancel."""

from __future__ import annotations

from flask import Blueprint, Response, request

from backscroll.store import replies
from web import reading, rendering
from web.backend import Backend


def routes(backend: Backend) -> Blueprint:
    """Give the routes for replies."""
    blueprint = Blueprint("replies", __name__)

    @blueprint.get("/replies/<rid>")
    def get(sid: str, rid: str) -> Response:
        session = backend.session(sid)
        wait = reading.wait(request, backend.settings.web)
        # What was answered without the store is known here until it is in there.
        reply = backend.remembered.reply(session, rid)
        if reply is None:
            reply = (
                backend.ended.wait(session, rid, wait) if wait else replies.read(backend.store, session, rid)
            )
        response = rendering.json(rendering.reply(reply))
        if not reply.ended:
            response.headers["Retry-After"] = "1"
            response.headers["Cache-Control"] = "no-store"
            return response
        # Nothing about it changes any more, but its session may be deleted.
        response.headers["Cache-Control"] = "private, no-cache"
        response.add_etag()
        response.make_conditional(request)
        return response

    @blueprint.post("/replies/<rid>/cancel")
    def cancel(sid: str, rid: str) -> Response:
        session = backend.session(sid)
        if ended := backend.remembered.reply(session, rid):
            return rendering.json(rendering.reply(ended))
        if replies.cancel(backend.store, session, rid):
            backend.inline.call(session)
        return rendering.json(rendering.reply(replies.read(backend.store, session, rid)))

    return blueprint
