"""Compactions by hand: to force one, and to undo what they did."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from backscroll import tracing
from backscroll.origin import Origin
from backscroll.store import compactions, restore
from web import reading, rendering, request_id
from web.backend import Backend


def routes(backend: Backend) -> Blueprint:
    """Give the routes for compactions."""
    blueprint = Blueprint("compactions", __name__)

    @blueprint.post("/compact")
    def compact(sid: str) -> Response:
        session = backend.session(sid)
        keep = reading.turns_to_keep(request)
        backend.limits.spare_tokens(session)
        caller = request.headers.get("traceparent", "")
        with tracing.span("POST compact", parent=caller, kind="server", session=session):
            asked = Origin(request_id.current(), tracing.here())
            compactions.request(backend.store, session, keep=keep, asked=asked)
        backend.bell.ring_compaction(session)
        response = rendering.json({"session": sid, "compaction": "queued"}, 202)
        response.headers["Location"] = url_for("sessions.get", sid=sid)
        return response

    @blueprint.post("/restore")
    def bring_back(sid: str) -> Response:
        session = backend.session(sid)
        chapters = reading.chapters_to_restore(request)
        budget = backend.settings.budget.context_tokens
        restored = restore.restore(backend.store, session, budget=budget, chapters=chapters)
        return rendering.json(rendering.restored(session, restored))

    return blueprint
