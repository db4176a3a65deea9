"""Posting a message: accepted into the session's inbox, and answered 202 at once."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from flask import Blueprint, Response, request, url_for

from backscroll import logs, metrics, tracing
from backscroll.errors import BackscrollError, Sealed, StoreUnavailable, TokensSpent, TooManySessions
from backscroll.origin import Origin
from backscroll.session import Session
from backscroll.store import repeats, submissions
from backscroll.store.ended import Expected
from backscroll.store.replies import Reply, Status
from backscroll.store.submissions import Submission, Submitted
from web import reading, rendering, request_id
from web.backend import Backend

log = logging.getLogger(__name__)


class _Posted(NamedTuple):
    """A message that was read, the id that its reply is to have, and for how many seconds to wait for it.

    `place` is what its session was given for it among the tenant's, '' where it had one.
    """

    session: Session
    submission: Submission
    reply_id: str
    wait: float
    began: float
    place: str


def routes(backend: Backend) -> Blueprint:
    """Give the routes for posting."""
    blueprint = Blueprint("messages", __name__)

    @blueprint.post("/messages")
    def post(sid: str) -> Response:
        began = time.perf_counter()
        session = backend.session(sid)
        caller = request.headers.get("traceparent", "")
        with tracing.span("POST message", parent=caller, kind="server", session=session) as span:
            response = _accept(backend, session, began)
            span.set(status=response.status_code)
            return response

    return blueprint


def _accept(backend: Backend, session: Session, began: float) -> Response:
    submission = reading.submission(request, backend.settings)
    wait = reading.preferred_wait(request, backend.settings.web)
    place = _admit(backend, session, submission)
    # A call that fails may be heard all the same: whoever answers then, the reply is one, by this id.
    reply_id = submissions.new_id()
    logs.add(reply=reply_id)
    posted = _Posted(session, submission, reply_id, wait, began, place)
    if not wait:
        return _answer(backend, posted, None)
    # From before it can be answered: so nobody has to look whether it has been.
    with backend.ended.expecting(reply_id) as ended:
        return _answer(backend, posted, ended)


def _admit(backend: Backend, session: Session, submission: Submission) -> str:
    try:
        return backend.limits.admit_message(session)
    except (TooManySessions, TokensSpent):
        # A message that was accepted has its reply, and whoever has lost the answer may ask for it again.
        if not backend.remembered.repeated(session, submission) and not repeats.known(
            backend.store, session, submission
        ):
            raise
        return ""


def _answer(backend: Backend, posted: _Posted, ended: Expected | None) -> Response:
    session, submission, reply_id, wait, began, _ = posted
    sid = session.id
    if earlier := backend.remembered.repeated(session, submission):
        return _finished(earlier, url_for("replies.get", sid=sid, rid=earlier.id), wait)
    try:
        # What was said in the outage comes first, or this answer would not know of it.
        backend.merger.bring(backend.remembered.turns(session))
        submitted = _submit(backend, posted)
    except StoreUnavailable:
        reply = backend.degraded.answer(session, submission, reply_id)
        return _finished(reply, url_for("replies.get", sid=sid, rid=reply.id), wait)
    logs.add(reply=submitted.reply_id)  # another one's, where the message was known or joined it
    if submitted.ring:
        backend.inline.call(session)
    metrics.ACCEPT_SECONDS.observe(time.perf_counter() - began)
    location = url_for("replies.get", sid=sid, rid=submitted.reply_id)
    status: Status = "queued"
    if wait or not submitted.new:
        # A message that was accepted before may have its answer already.
        try:
            if ended is not None and submitted.reply_id == reply_id:
                reply = backend.ended.expected(session, reply_id, wait, ended)
            else:
                reply = backend.ended.wait(session, submitted.reply_id, wait)
        except (StoreUnavailable, Sealed) as error:
            # It was accepted. Who is told that it was not posts it again, and has it answered twice.
            log.debug("reply not read: reply=%s code=%s", submitted.reply_id, error.code)
        else:
            if reply.ended:
                return _finished(reply, location, wait)
            status = reply.status
    accepted = {
        "id": submitted.reply_id,
        "session": sid,
        "status": status,
        "position": submitted.position,
        "location": location,
    }
    response = rendering.json(accepted, 202)
    response.headers["Location"] = location
    response.headers["Retry-After"] = "1"
    return response


def _submit(backend: Backend, posted: _Posted) -> Submitted:
    session, submission, reply_id, wait, _, place = posted
    with tracing.span("submit") as span:
        origin = Origin(request_id.current(), tracing.here())
        waiter = backend.ended.channel if wait else ""
        try:
            submitted = submissions.submit(
                backend.store,
                session,
                submission,
                reply_id,
                origin=origin,
                waiter=waiter,
                bell=backend.bell.beside(session),
            )
        except StoreUnavailable:
            raise  # it may have been heard after all
        except BackscrollError:
            if place:
                backend.limits.leave(session, place)
            raise
        span.set(reply=submitted.reply_id)
        return submitted


def _finished(reply: Reply, location: str, wait: float) -> Response:
    response = rendering.json(rendering.reply(reply))
    response.headers["Content-Location"] = location
    if wait:
        response.headers["Preference-Applied"] = f"wait={wait:g}"
    return response
