"""Replies: to poll, to wait for, to read along, to cancel."""

from __future__ import annotations

from backscroll.settings import WebSettings
from web.openapi.codes import OF_SESSIONS
from web.openapi.operations.examples import EVENTS, REPLY
from web.openapi.operations.shared import (
    ETAG,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    RETRY_AFTER,
    RID,
    SID,
    json,
    seconds_to_wait,
    sometimes,
)
from web.openapi.table import Answer, Operation, Parameter, Resource, Schema, ref

_EVENT_ID: Schema = {
    "type": "string",
    "pattern": "^(?:[0-9]{1,18}-[0-9]{1,18})?$",
    "format": "event-id",
    "examples": ["1795748400123-0"],
}

_EVENTS = Operation(
    method="get",
    path="/v1/sessions/{sid}/replies/{rid}/events",
    id="streamEvents",
    summary="Read along",
    description="The reply as it comes, as server-sent events. `delta` is text to append, `part` a whole "
    "other part, `usage` the tokens so far; `done` or `error` carries the whole reply, and is the end. A "
    "`status` voids what came before it: the answer begins, or begins anew. With `Last-Event-ID` only "
    "what follows comes, from any web process, during the reply and for an hour after it; later the reply "
    "is told anew. A comment comes where there was nothing to tell for a while.",
    parameters=(
        SID,
        RID,
        Parameter(
            name="Last-Event-ID",
            where="header",
            schema=_EVENT_ID,
            description="The last event that the client had. An `EventSource` sends it by itself.",
        ),
        Parameter(
            name="last_event_id",
            where="query",
            schema=_EVENT_ID,
            description="The same, for who cannot set headers, which go first; an empty one is none.",
        ),
    ),
    answers=(
        Answer(
            status=200,
            description="The stream.",
            content="text/event-stream",
            schema=ref("Event"),
            example=EVENTS,
        ),
        Answer(status=204, description="The reply has ended, and nothing follows the event."),
    ),
    problems=OF_SESSIONS,
)

_CANCEL = Operation(
    method="post",
    path="/v1/sessions/{sid}/replies/{rid}/cancel",
    id="cancelReply",
    summary="Cancel a reply",
    description="Drops the call to the model within a second and leaves the history as it was. A reply "
    "that has ended stays as it is, so it may be asked for twice.",
    parameters=(SID, RID),
    answers=(
        json(200, "The reply, as it is now.", "Reply", example=REPLY | {"status": "cancelled", "text": ""}),
    ),
    problems=OF_SESSIONS,
)


def resource(limits: WebSettings) -> Resource:
    """Give the operations about replies."""
    get = Operation(
        method="get",
        path="/v1/sessions/{sid}/replies/{rid}",
        id="getReply",
        summary="Poll a reply, or wait for it",
        description="`queued → in_progress → completed`, or `failed`, `cancelled`, `incomplete`.",
        parameters=(SID, RID, seconds_to_wait(limits), IF_NONE_MATCH),
        answers=(
            json(
                200,
                "The reply: ended (with `ETag`), or as it stands (with `Retry-After`).",
                "Reply",
                sometimes(ETAG),
                sometimes(RETRY_AFTER),
                example=REPLY,
            ),
            NOT_MODIFIED,
        ),
        problems=OF_SESSIONS,
    )
    return Resource(
        name="Replies",
        description="The record of one turn, from the moment in which its message was accepted.",
        operations=(get, _EVENTS, _CANCEL),
    )
