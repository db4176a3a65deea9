"""Sessions: their state, their history, their end."""

from __future__ import annotations

from flask import Blueprint, Response, request

from backscroll.errors import NotFound
from backscroll.store import sessions
from web import reading, rendering, session_settings
from web.backend import Backend

_PAGE, _LARGEST_PAGE = 100, 1000


def routes(backend: Backend) -> Blueprint:
    """Give the routes for sessions."""
    blueprint = Blueprint("sessions", __name__)

    @blueprint.get("")
    def get(sid: str) -> Response:
        session = backend.session(sid)
        state = sessions.state(backend.store, session)
        backend.remembered.saw(session, state.settings)
        return rendering.json(rendering.session(state, backend.settings.budget))

    @blueprint.put("")
    def put(sid: str) -> Response:
        session = backend.session(sid)
        settings = session_settings.read(request, backend.settings)
        backend.limits.admit_settings(session, settings.ttl)
        began = sessions.configure(backend.store, session, settings)
        backend.remembered.saw(session, settings)
        state = sessions.state(backend.store, session)
        return rendering.json(rendering.session(state, backend.settings.budget), 201 if began else 200)

    @blueprint.delete("")
    def delete(sid: str) -> Response:
        session = backend.session(sid)
        begun_in_an_outage = backend.remembered.turns(session)
        try:
            sessions.delete(backend.store, session)
        except NotFound:
            if not begun_in_an_outage:
                raise
        backend.remembered.forget(session)
        backend.limits.leave(session)
        return Response(status=204)

    @blueprint.get("/history")
    def history(sid: str) -> Response:
        session = backend.session(sid)
        after = reading.whole(request, "after", 0, least=0, most=10**15 - 1)
        limit = reading.whole(request, "limit", _PAGE, least=1, most=_LARGEST_PAGE)
        if reading.choice(request, "view", "transcript", "context") == "context":
            context = sessions.read_context(backend.store, session)
            return rendering.json(
                {
                    "session": sid,
                    "view": "context",
                    "tokens": context.tokens,
                    "chapters": [rendering.chapter(each, with_text=True) for each in context.chapters],
                    "ledger": rendering.ledger(context.ledger),
                    "messages": [rendering.message(each) for each in context.messages],
                }
            )
        page = sessions.transcript(backend.store, session, after=after, limit=limit)
        return rendering.json(
            {
                "session": sid,
                "view": "transcript",
                "messages": [rendering.message(each) for each in page.messages],
                "next": page.next,
            }
        )

    return blueprint
