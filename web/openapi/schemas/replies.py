"""Replies: accepted, in work, ended; and the events that tell of them."""

from __future__ import annotations

from typing import get_args

from backscroll.store.replies import Status
from web.openapi.schemas.forms import listed, nullable, number, one_of, record, text, time, truth
from web.openapi.table import Schema, ref

STATUSES = get_args(Status)

_MEDIA = record(
    "Media by reference; their bytes are at `/v1/sessions/{sid}/media/{sha256}`.",
    mimeType=text(),
    sha256=text(pattern="^[0-9a-f]{64}$"),
    size=number("bytes"),
) | {"additionalProperties": True}  # a model may say more of them

_USAGE = record(
    "Tokens as the model counted them; null where it did not say.",
    prompt_tokens=nullable(number("sent to the model", least=None)),
    output_tokens=nullable(number("of the answer", least=None)),
    thought_tokens=nullable(number("of thinking", least=None)),
    cached_tokens=nullable(number("of the prompt, billed at a tenth", least=None)),
    total_tokens=nullable(number("of all of it", least=None)),
)

SCHEMAS: dict[str, Schema] = {
    "Accepted": record(
        "A message that waits for its turn, or is in work.",
        id=text("the reply's id"),
        session=text("the session's name"),
        status=one_of("", "queued", "in_progress"),
        position=nullable(number("replies before this one")),
        location=text("the path of the reply"),
    ),
    "Reply": record(
        "One turn: what was answered, or how far it is.",
        id=text("the reply's id"),
        session=text("the session's name"),
        status=one_of(
            "`incomplete` is an answer that was cut off, and is kept; the last four are ends", *STATUSES
        ),
        text=text("the answer as a person would read it"),
        parts=listed("Part", "the answer as the model gave it, thoughts and calls of tools included"),
        usage=nullable("Usage"),
        model=nullable(text("the version that answered")),
        degraded=truth("answered without its history: the history store was down"),
        degraded_reason=nullable(text("`store_unavailable`; null where it is not degraded")),
        recorded=truth(
            "false where a degraded turn could not be written down, and will not be in the history"
        ),
        error=nullable("ReplyError"),
        attempts=number("how often the turn was taken up"),
        position=nullable(number("replies before this one, while it waits")),
        seq=nullable(number("the answer's place in the transcript", least=1)),
        created_at=time("when the message was accepted"),
        started_at=nullable(time("when it was first taken up")),
        finished_at=nullable(time("when it ended; null until then")),
    ),
    "ReplyError": record(
        "Why a reply failed. The history is as it was before.",
        code=text(
            "stable, for programs: `model_unavailable`, `model_refused`, `over_ceiling`, `worker_lost`, …"
        ),
        message=text("for people"),
        retryable=truth("whether the same message may succeed when it is posted again"),
    ),
    "Usage": _USAGE,
    "Part": {
        "type": "object",
        "description": "A part of a message as it is kept. A type that is not listed here is kept and shown "
        "as it came.",
        "required": ["type"],
        "properties": {
            "type": text("`text`, `inline_data`, `file_data`, `function_call`, `function_response`, …"),
            "text": text("of a part of the type `text`"),
            "thought": truth("whether the model only thought it"),
            "signature": text("the model's own mark, which goes back to it"),
            "inlineData": _MEDIA,
        },
    },
    "Event": record(
        "One event of the stream.",
        id=text("as it is sent in `Last-Event-ID`"),
        event=one_of("", "status", "delta", "part", "usage", "done", "error"),
        data=text(
            "JSON: by `event` a StatusEvent, DeltaEvent, Part, Usage, Reply, or ErrorEvent",
            contentMediaType="application/json",
        ),
    ),
    "StatusEvent": record(
        "The answer begins, or begins anew: deltas, parts and usage before it are void.",
        optional=("position",),
        status=one_of("", "queued", "in_progress"),
        attempt=number("which try"),
        position=number("replies before this one"),
    ),
    "DeltaEvent": record(
        "Text to append to the answer, or to its thoughts.",
        optional=("thought",),
        text=text(),
        thought=truth(),
    ),
    "ErrorEvent": {
        "description": "The reply failed, or is gone: its session was deleted.",
        "anyOf": [ref("Reply"), ref("Problem")],
    },
}
