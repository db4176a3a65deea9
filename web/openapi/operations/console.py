"""The console: a page, and what it is made of."""

from __future__ import annotations

from web.openapi.operations.shared import ETAG, IF_NONE_MATCH, NOT_MODIFIED
from web.openapi.table import Answer, Operation, Parameter, Resource

_FILE = Parameter(
    name="name",
    where="path",
    schema={"type": "string", "examples": ["main.js", "theme.css"]},
    description="The file's name.",
)


def _answer(description: str, content: str) -> Answer:
    return Answer(
        status=200, description=description, content=content, schema={"type": "string"}, headers=(ETAG,)
    )


RESOURCE = Resource(
    name="Console",
    description="A page to talk, and to see what the model is sent. It uses this API and nothing else.",
    operations=(
        Operation(
            method="get",
            path="/",
            id="getConsole",
            summary="The page",
            parameters=(IF_NONE_MATCH,),
            answers=(_answer("The page.", "text/html"), NOT_MODIFIED),
            open=True,
        ),
        Operation(
            method="get",
            path="/console/{name}",
            id="getConsoleFile",
            summary="One of its files",
            parameters=(_FILE, IF_NONE_MATCH),
            answers=(
                _answer("A module, a style sheet, the page or its icon.", "*/*"),
                NOT_MODIFIED,
            ),
            problems=("not_found",),
            open=True,
        ),
    ),
)
