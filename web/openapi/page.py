"""The table as the page of `/docs` shows it."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from backscroll.settings import WebSettings
from web.openapi.codes import CODES, OF_ALL
from web.openapi.document import DESCRIPTION, KEYS, SUMMARY, by_status
from web.openapi.operations import resources
from web.openapi.schemas import schemas
from web.openapi.table import Schema


def context(limits: WebSettings) -> dict[str, Any]:
    """Give what the page's template works with."""
    return {
        "summary": SUMMARY,
        "description": DESCRIPTION,
        "keys": KEYS,
        "resources": resources(limits),
        "schemas": schemas(limits),
        "codes": CODES,
        "of_all": OF_ALL,
        "by_status": by_status,
        "kind": kind,
        "prose": prose,
        "marked": marked,
        "example": example,
    }


def prose(text: str) -> Markup:
    """Write a description as HTML: `code` and paragraphs are all that there is in it."""
    return Markup("").join(Markup("<p>{}</p>").format(marked(each)) for each in text.split("\n\n"))


def marked(text: str) -> Markup:
    """Write a line as HTML, with its `code`."""
    pieces = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(each) if n % 2 else each for n, each in pieces)


def kind(schema: Schema) -> Markup:
    """Say in a few words what a value is: its type, its bounds, the schema that it refers to."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return Markup(" or ").join(map(kind, options))
    if "enum" in schema:
        return Markup(" | ").join(map(_literal, schema["enum"])) + _bounds(schema)
    if "const" in schema:
        return _literal(schema["const"])
    types = schema.get("type", "anything")
    named = " or ".join(types) if isinstance(types, list) else types
    if "items" in schema:
        return Markup("list of {}{}").format(kind(schema["items"]), _bounds(schema))
    return Markup("{}{}").format(named, _bounds(schema))


def example(value: Any) -> str:
    """Write an example: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _bounds(schema: Schema) -> str:
    said = []
    if "minimum" in schema and "maximum" in schema:
        said.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    elif "minimum" in schema:
        said.append(f"from {schema['minimum']:,}")
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']:,} characters")
    if "maxItems" in schema:
        said.append(f"at most {schema['maxItems']:,} of them")
    if schema.get("default") is not None:
        said.append(f"{_shown(schema['default'])} by default")
    return "".join(f", {each}" for each in said)


def _literal(value: Any) -> Markup:
    return Markup("<code>{}</code>").format(_shown(value))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
