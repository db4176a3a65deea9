"""A reply's events as server-sent events: to read along while it comes, and to resume anywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import msgspec
from flask import Blueprint, Response, request

from backscroll.errors import NotFound, Sealed, StoreUnavailable
from backscroll.session import Session
from backscroll.store import events, replies
from backscroll.store.events import ORIGIN, Event, Told
from web import problems, reading, rendering
from web.backend import Backend

log = logging.getLogger(__name__)

_RETRY = b"retry: 1000\n\n"
_HEARTBEAT = b": still here\n\n"
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


def routes(backend: Backend) -> Blueprint:
    """Give the route for events."""
    blueprint = Blueprint("events", __name__)

    @blueprint.get("/replies/<rid>/events")
    def get(sid: str, rid: str) -> Response:
        session = backend.session(sid)
        after = reading.last_event_id(request)
        told = events.read(backend.store, session, rid, after)
        if told.ended and not told.events:
            return Response(status=204)  # tells an EventSource not to come again
        stream = _stream(backend, session, rid, after, told)
        return Response(stream, content_type="text/event-stream; charset=utf-8", headers=_HEADERS)

    return blueprint


def _stream(backend: Backend, session: Session, rid: str, after: str | None, told: Told) -> Iterator[bytes]:
    yield _RETRY
    last = after or ORIGIN
    silence = backend.settings.web.heartbeat
    try:
        with closing(backend.following.follow(session, rid, told, after=after, silence=silence)) as coming:
            for some in coming:
                yield b"".join(_shown(backend, session, rid, event) for event in some) or _HEARTBEAT
                last = some[-1].id if some else last
    except (NotFound, Sealed) as error:
        yield _framed(last, "error", msgspec.json.encode(problems.document(error)))
    except StoreUnavailable as error:
        # The end was told, and its reply could not be read: whoever comes again has it.
        log.warning("stream closed: %s", error)


def _shown(backend: Backend, session: Session, rid: str, event: Event) -> bytes:
    if event.kind != "end":
        return _framed(event.id, event.kind, event.data)
    reply = replies.read(backend.store, session, rid)
    kind = "error" if reply.status == "failed" else "done"
    return _framed(event.id, kind, msgspec.json.encode(rendering.reply(reply)))


def _framed(event_id: str, kind: str, data: bytes) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event_id.encode(), kind.encode(), data)
