"""The words in which the API is described: operations, what they take, and what they answer.

Nothing here knows of OpenAPI's own form; `document.py` writes it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Schema = dict[str, Any]

JSON = "application/json"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a request carries outside of its body."""

    name: str
    where: Literal["path", "query", "header"]
    schema: Schema
    description: str

    @property
    def required(self) -> bool:
        """Tell whether there is no request without it."""
        return self.where == "path"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an answer carries outside of its body; `always`, or only where it applies."""

    name: str
    schema: Schema
    description: str
    always: bool = True


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What a request sends: the name of its schema, and examples by what they show."""

    schema: str
    examples: dict[str, Any]
    required: bool = True


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an operation succeeds. Without `content` it has no body."""

    status: int
    description: str
    content: str | None = None
    schema: Schema = {}
    headers: tuple[Header, ...] = ()
    example: Any = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path. `problems` are the codes that it refuses with, besides those of all."""

    method: Literal["get", "put", "post", "delete"]
    path: str
    id: str
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: tuple[Answer, ...]
    problems: tuple[str, ...] = ()
    open: bool = False  # asks for no key


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Operations about one kind of thing, under the name that they are listed by."""

    name: str
    description: str
    operations: tuple[Operation, ...]


def ref(name: str) -> Schema:
    """Refer to the schema `name`."""
    return {"$ref": f"#/components/schemas/{name}"}
