"""Compactions by hand."""

from __future__ import annotations

from web.openapi.codes import OF_BODIES, OF_SESSIONS
from web.openapi.operations.examples import COMPACTING, RESTORED
from web.openapi.operations.shared import LOCATION, SID, json
from web.openapi.table import Body, Operation, Resource

_COMPACT = Operation(
    method="post",
    path="/v1/sessions/{sid}/compact",
    id="compactSession",
    summary="Compact now",
    description="Due or not. The oldest turns become a chapter in the background; no reply waits for it.",
    parameters=(SID,),
    body=Body(
        schema="CompactBody",
        examples={"all but the newest four turns": {"keep": 4}, "as the budget says": {}},
        required=False,
    ),
    answers=(
        json(
            202, "It will be made; the session's state shows it.", "Compacting", LOCATION, example=COMPACTING
        ),
    ),
    problems=(*OF_SESSIONS, *OF_BODIES, "token_budget_spent"),
)

_RESTORE = Operation(
    method="post",
    path="/v1/sessions/{sid}/restore",
    id="restoreSession",
    summary="Undo compactions",
    description="Brings the messages that the newest chapters stand for back into the context, as far as the "
    "budget allows.",
    parameters=(SID,),
    body=Body(
        schema="RestoreBody",
        examples={"the newest chapter": {"chapters": 1}, "as many as fit": {}},
        required=False,
    ),
    answers=(json(200, "What came back.", "Restored", example=RESTORED),),
    problems=(*OF_SESSIONS, *OF_BODIES, "session_busy"),
)

RESOURCE = Resource(
    name="Compactions",
    description="They happen by themselves; here they are made, and undone, by hand.",
    operations=(_COMPACT, _RESTORE),
)
