"""The description itself."""

from __future__ import annotations

from web.openapi.operations.shared import ETAG, IF_NONE_MATCH, NOT_MODIFIED
from web.openapi.table import JSON, Answer, Operation, Resource, Schema


def _get(path: str, name: str, summary: str, content: str, schema: Schema) -> Operation:
    return Operation(
        method="get",
        path=path,
        id=name,
        summary=summary,
        parameters=(IF_NONE_MATCH,),
        answers=(
            Answer(
                status=200, description="What was asked for.", content=content, schema=schema, headers=(ETAG,)
            ),
            NOT_MODIFIED,
        ),
        open=True,
    )


RESOURCE = Resource(
    name="Description",
    description="What you are reading, for programs and for people.",
    operations=(
        _get("/openapi.json", "getOpenapi", "This API as OpenAPI 3.1", JSON, {"type": "object"}),
        _get("/docs", "getDocs", "This API as a page", "text/html", {"type": "string"}),
        _get("/docs/style.css", "getDocsStyle", "How the page looks", "text/css", {"type": "string"}),
    ),
)
