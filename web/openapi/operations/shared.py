"""What many operations take or answer with."""

from __future__ import annotations

import msgspec

from backscroll.settings import WebSettings
from web.openapi.table import JSON, Answer, Header, Parameter, Schema, ref

ID = "r_5c0e9b1f2a7d4e6083b1c2d4"

SID = Parameter(
    name="sid",
    where="path",
    schema={"type": "string", "pattern": r"^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}$", "examples": ["s1"]},
    description="The session's name, chosen by the client: 1 to 128 of A-Z, a-z, 0-9 and `. _ ~ -`, but "
    "neither `.` nor `..`, which lead elsewhere in a URL. It begins with its first message or its "
    "settings.",
)
RID = Parameter(
    name="rid",
    where="path",
    schema={"type": "string", "examples": [ID]},
    description="The reply's id, as it came with the `202`.",
)
RETRY_AFTER = Header(
    name="Retry-After",
    schema={"type": "integer", "minimum": 0},
    description="Seconds after which to ask again.",
)
REQUEST_ID = Header(
    name="X-Request-ID",
    schema={"type": "string", "pattern": "^[!-~]{1,128}$"},
    description="The request's id: the one that came with it, where that is up to 128 visible ASCII "
    "characters without a space, or a new one. Every answer has it.",
)
LOCATION = Header(name="Location", schema={"type": "string"}, description="The path to ask next.")
ETAG = Header(
    name="ETag",
    schema={"type": "string"},
    description="Send it back in `If-None-Match`: what has not changed is not sent again.",
)

IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    where="header",
    schema={"type": "string"},
    description="The `ETag` of what the client has already.",
)
NOT_MODIFIED = Answer(status=304, description="The client has it already.", headers=(ETAG,))


def seconds_to_wait(limits: WebSettings) -> Parameter:
    """Describe `wait`, as far as this deployment waits."""
    return Parameter(
        name="wait",
        where="query",
        schema={"type": "number", "minimum": 0, "default": 0},
        description=f"Seconds to wait for the reply's end; at most {limits.wait_limit:g} are waited.",
    )


def sometimes(header: Header) -> Header:
    """Describe a header that not every answer has."""
    return msgspec.structs.replace(header, always=False)


def json(
    status: int, description: str, schema: str | Schema, *headers: Header, example: object = None
) -> Answer:
    """Describe an answer in JSON, by its schema or the name of one."""
    named = ref(schema) if isinstance(schema, str) else schema
    return Answer(
        status=status, description=description, content=JSON, schema=named, headers=headers, example=example
    )
