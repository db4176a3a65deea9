"""Sessions: their settings, their state, their history, their end."""

from __future__ import annotations

from web.openapi.codes import OF_BODIES, OF_SESSIONS
from web.openapi.operations.examples import TRANSCRIPT
from web.openapi.operations.shared import SID, json
from web.openapi.table import Answer, Body, Operation, Parameter, Resource, ref

_SETTINGS = Body(
    schema="SettingsBody",
    examples={
        "who answers, and how": {
            "model": "gemini-3.5-flash",
            "system_instruction": "Answer in one sentence.",
            "generation_config": {"temperature": 0.2},
            "ttl": 86_400,
        },
        "a tool": {
            "tools": [
                {"functionDeclarations": [{"name": "get_weather", "description": "The weather in a town"}]}
            ]
        },
        "as if never set": {},
    },
)

_PUT = Operation(
    method="put",
    path="/v1/sessions/{sid}",
    id="putSession",
    summary="Set a session's settings",
    description="All of them: what is left out is as if never set. They hold from the next turn that begins.",
    parameters=(SID,),
    body=_SETTINGS,
    answers=(
        json(200, "The session as it is now.", "Session"),
        json(201, "The session began with this.", "Session"),
    ),
    problems=(*OF_SESSIONS, *OF_BODIES, "too_many_sessions", "token_budget_spent"),
)

_GET = Operation(
    method="get",
    path="/v1/sessions/{sid}",
    id="getSession",
    summary="See a session's state",
    description="Counts, tokens, what is pending, the newest replies, each chapter, the cost of compaction.",
    parameters=(SID,),
    answers=(json(200, "The session.", "Session"),),
    problems=OF_SESSIONS,
)

_DELETE = Operation(
    method="delete",
    path="/v1/sessions/{sid}",
    id="deleteSession",
    summary="Erase a session",
    description="All of it, archive, media and events included; a turn in work writes nothing any more.",
    parameters=(SID,),
    answers=(Answer(status=204, description="Nothing of it is left."),),
    problems=OF_SESSIONS,
)

_HISTORY = Operation(
    method="get",
    path="/v1/sessions/{sid}/history",
    id="getHistory",
    summary="Read what was said",
    description="As a transcript, by pages: every message, compacted or not. Or as the context: what the "
    "model is sent, with chapters and ledger in the place of the oldest messages.",
    parameters=(
        SID,
        Parameter(
            name="view",
            where="query",
            schema={"enum": ["transcript", "context"], "default": "transcript"},
            description="Which of the two.",
        ),
        Parameter(
            name="after",
            where="query",
            schema={"type": "integer", "minimum": 0, "maximum": 10**15 - 1, "default": 0},
            description="Of a transcript: the seq behind which the page begins.",
        ),
        Parameter(
            name="limit",
            where="query",
            schema={"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
            description="Of a transcript: how many messages at most.",
        ),
    ),
    answers=(
        json(
            200,
            "The page, or the context.",
            {"oneOf": [ref("Transcript"), ref("Context")]},
            example=TRANSCRIPT,
        ),
    ),
    problems=OF_SESSIONS,
)

RESOURCE = Resource(
    name="Sessions",
    description="One conversation. It expires some days after its last access, with all that belongs to it.",
    operations=(_PUT, _GET, _HISTORY, _DELETE),
)
