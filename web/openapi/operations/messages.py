"""Posting a message."""

from __future__ import annotations

from backscroll.settings import WebSettings
from web.openapi.codes import OF_BODIES, OF_SESSIONS
from web.openapi.operations.examples import ACCEPTED, REPLY
from web.openapi.operations.shared import LOCATION, RETRY_AFTER, SID, json
from web.openapi.table import Body, Header, Operation, Parameter, Resource

_KEY = Parameter(
    name="Idempotency-Key",
    where="header",
    schema={"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
    description="1 to 255 visible ASCII characters. The same key with the same message gives the same "
    "reply, for 24 hours: so a message may be posted again when its answer was lost.",
)


def _prefer(limits: WebSettings) -> Parameter:
    return Parameter(
        name="Prefer",
        where="header",
        schema={"type": "string", "examples": ["wait=30"]},
        description="`wait=N` (RFC 7240) waits up to N seconds for the finished reply; "
        f"at most {limits.wait_limit:g} are waited.",
    )


_CONTENT_LOCATION = Header(
    name="Content-Location", schema={"type": "string"}, description="The path of the reply.", always=False
)
_PREFERENCE_APPLIED = Header(
    name="Preference-Applied",
    schema={"type": "string"},
    description="Which preference was honoured.",
    always=False,
)

_BODY = Body(
    schema="MessageBody",
    examples={
        "a text": {"text": "My locker has the code 4711-B."},
        "a picture and a question": {
            "parts": [
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                {"text": "What is on it?"},
            ]
        },
        "what a function gave back": {
            "parts": [{"functionResponse": {"name": "get_weather", "response": {"degrees": 7}}}]
        },
        "turned away when the session is busy": {"text": "And now?", "on_busy": "reject"},
    },
)


def resource(limits: WebSettings) -> Resource:
    """Give the operations about messages."""
    return Resource(
        name="Messages",
        description="A message is accepted at once, and answered by a worker. Replies of a session come "
        "in the order in which their messages were accepted.",
        operations=(
            Operation(
                method="post",
                path="/v1/sessions/{sid}/messages",
                id="postMessage",
                summary="Say something",
                description="Accepts a message into the session's inbox. Without `Prefer` the answer is "
                "`202` within milliseconds, with a reply to poll, to wait for, or to stream. `on_busy` "
                "says what to do when others wait or are in work: `queue` behind them, `reject` with "
                "`409`, or `merge` with the last one that waits, where one request can hold both; they then "
                "have one reply.\n\nParts may be spelled as in Gemini's API or in snake case.",
                parameters=(SID, _KEY, _prefer(limits)),
                body=_BODY,
                answers=(
                    json(
                        200,
                        "The finished reply: it was waited for, it was posted before, or it is degraded.",
                        "Reply",
                        _CONTENT_LOCATION,
                        _PREFERENCE_APPLIED,
                        example=REPLY,
                    ),
                    json(202, "Accepted.", "Accepted", LOCATION, RETRY_AFTER, example=ACCEPTED),
                ),
                problems=(
                    *OF_SESSIONS,
                    *OF_BODIES,
                    "session_busy",
                    "media_full",
                    "idempotency_key_reused",
                    "inbox_full",
                    "too_many_sessions",
                    "token_budget_spent",
                ),
            ),
        ),
    )
