"""A type as the JSON schema that a model is asked to answer by."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

# What Gemini reads of JSON Schema, without references: one that it cannot follow would be a 400.
_KNOWN = frozenset({"type", "description", "enum", "items", "properties", "required", "anyOf"})


@cache
def json_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Give the schema of `kind` in one piece: each type stands where it is used."""
    (schema,), named = msgspec.json.schema_components([kind], ref_template="{name}")
    whole: dict[str, Any] = _inlined(schema, named)
    return whole


def _inlined(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    found = named[schema["$ref"]] if "$ref" in schema else schema
    kept = {key: value for key, value in found.items() if key in _KNOWN}
    if "properties" in kept:
        kept["properties"] = {name: _inlined(each, named) for name, each in kept["properties"].items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _inlined(kept["items"], named)
    if "anyOf" in kept:
        kept["anyOf"] = [_inlined(each, named) for each in kept["anyOf"]]
    return kept
