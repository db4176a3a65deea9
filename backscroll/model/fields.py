"""The fields of an SDK's types: what they are called on the wire, and which of them this version knows.

The SDK takes `snake_case` and `camelCase`, and refuses fields that it does not know, at any depth: what a
newer one wrote would stop an older one. Objects without a type of their own (a call's `args`, a response,
a JSON schema) are the user's, and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
from pydantic import BaseModel

Shape = type[BaseModel]


class _Field(msgspec.Struct, frozen=True):
    """A field's name on the wire, and the shape of its value, or of each value of its list or map."""

    wire: str
    shape: Shape | None
    mapped: bool


def known(shape: Shape, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give what `shape` knows of `raw`; an object of which nothing is left goes with its last field."""
    return _fitted(shape, raw, unknown=False)


def spelled(shape: Shape, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give all of `raw`, with the fields that `shape` knows under their names on the wire."""
    return _fitted(shape, raw, unknown=True)


def _fitted(shape: Shape, raw: Mapping[str, Any], *, unknown: bool) -> dict[str, Any]:
    fields = _fields(shape)
    kept: dict[str, Any] = {}
    for name, value in raw.items():
        field = fields.get(name)
        if field is None:
            if unknown:
                kept[name] = value
            continue
        fitted = _value(field, value, unknown=unknown)
        if fitted or not isinstance(value, dict | list) or not value:
            kept[field.wire] = fitted
    return kept


def _value(field: _Field, value: Any, *, unknown: bool) -> Any:
    if field.shape is None:
        return value
    if isinstance(value, list):
        fitted = [(each, _value(field, each, unknown=unknown)) for each in value]
        return [after for before, after in fitted if after or not before]
    if not isinstance(value, dict):
        return value
    if field.mapped:
        inner = _Field(field.wire, field.shape, mapped=False)
        return {name: _value(inner, each, unknown=unknown) for name, each in value.items()}
    return _fitted(field.shape, value, unknown=unknown)


@cache
def _fields(shape: Shape) -> dict[str, _Field]:
    shape.model_rebuild(raise_errors=False)  # built on first use; until then its annotations are strings
    fields: dict[str, _Field] = {}
    for name, info in shape.model_fields.items():
        inner, mapped = _held(info.annotation)
        field = _Field(info.alias or name, inner, mapped)
        fields[name] = fields[field.wire] = field
    return fields


def _held(annotation: Any, *, mapped: bool = False) -> tuple[Shape | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, mapped
    for argument in get_args(annotation):
        shape, in_map = _held(argument, mapped=mapped or get_origin(annotation) is dict)
        if shape is not None:
            return shape, in_map
    return None, False
