"""Media of a session."""

from __future__ import annotations

from web.openapi.codes import OF_SESSIONS
from web.openapi.operations.shared import ETAG, IF_NONE_MATCH, NOT_MODIFIED, SID
from web.openapi.table import Answer, Header, Operation, Parameter, Resource

_SHA256 = Parameter(
    name="sha256",
    where="path",
    schema={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    description="The SHA-256 that the part shows.",
)
_ATTACHMENT = Header(
    name="Content-Disposition",
    schema={"const": "attachment"},
    description="Whatever it is, a browser saves it and does not run it.",
)

RESOURCE = Resource(
    name="Media",
    description="Pictures, recordings and documents, byte for byte as they were posted or answered.",
    operations=(
        Operation(
            method="get",
            path="/v1/sessions/{sid}/media/{sha256}",
            id="getMedia",
            summary="Get the bytes",
            parameters=(SID, _SHA256, IF_NONE_MATCH),
            answers=(
                Answer(
                    status=200,
                    description="The bytes, as the type that they were posted as.",
                    content="*/*",
                    headers=(ETAG, _ATTACHMENT),
                ),
                NOT_MODIFIED,
            ),
            problems=OF_SESSIONS,
        ),
    ),
)
