"""The forms that schemas are put together from: a record whose fields are all there, a list, a nullable."""

from __future__ import annotations

from typing import Any

from web.openapi.table import Schema, ref


def text(description: str = "", **more: Any) -> Schema:
    """Describe a string."""
    return _described({"type": "string", **more}, description)


def number(description: str = "", *, least: int | None = 0, **more: Any) -> Schema:
    """Describe a whole number."""
    bound = {} if least is None else {"minimum": least}
    return _described({"type": "integer", **bound, **more}, description)


def truth(description: str = "") -> Schema:
    """Describe a boolean."""
    return _described({"type": "boolean"}, description)


def one_of(description: str, *values: str) -> Schema:
    """Describe a string out of a few."""
    return _described({"enum": list(values)}, description)


def time(description: str) -> Schema:
    """Describe a time."""
    return _described({"type": "string", "format": "date-time"}, description)


def listed(items: Schema | str, description: str = "") -> Schema:
    """Describe a list of things, given as a schema or by the name of one."""
    held = ref(items) if isinstance(items, str) else items
    return _described({"type": "array", "items": held}, description)


def counts(description: str) -> Schema:
    """Describe an object of numbers by names that are not known beforehand."""
    return _described({"type": "object", "additionalProperties": {"type": "integer"}}, description)


def anything(description: str) -> Schema:
    """Describe an object in which there may be anything."""
    return {"type": "object", "description": description}


def nullable(schema: Schema | str, description: str = "") -> Schema:
    """Describe what may be null as well."""
    if isinstance(schema, str):
        return _described({"anyOf": [ref(schema), {"type": "null"}]}, description)
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    return schema | {"type": [schema["type"], "null"]}


def record(description: str = "", optional: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """Describe an object that has these fields and no others."""
    return _described(
        {
            "type": "object",
            "properties": fields,
            "required": [name for name in fields if name not in optional],
            "additionalProperties": False,
        },
        description,
    )


def _described(schema: Schema, description: str) -> Schema:
    return schema | {"description": description} if description else schema
