"""The table as a page of Markdown, for docs/http.md.

python -m web.openapi.markdown > docs/http.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any

import click

from backscroll.settings import WebSettings
from web.openapi.codes import CODES, OF_ALL
from web.openapi.document import DESCRIPTION, KEYS, SUMMARY
from web.openapi.operations import resources
from web.openapi.page import kind
from web.openapi.schemas import schemas
from web.openapi.table import Answer, Operation, Schema


def page(limits: WebSettings) -> str:
    """Write the page, with these limits."""
    return "\n\n".join(_sections(limits)) + "\n"


def _sections(limits: WebSettings) -> Iterator[str]:
    yield "# The HTTP API"
    yield (
        "<!-- Written by `python -m web.openapi.markdown > docs/http.md`. -->\n\nWith the limits of the "
        "defaults. A deployment serves this page with its own at `/docs`, for programs at `/openapi.json`."
    )
    yield from (SUMMARY, DESCRIPTION, KEYS)
    for resource in resources(limits):
        yield f"## {resource.name}"
        yield resource.description
        for operation in resource.operations:
            yield from _operation(operation)
    yield "## Errors"
    yield "Every error is an `application/problem+json` document, a [Problem](#problem); its `code` stays."
    yield f"Wherever one asks: {_codes(OF_ALL)}."
    yield _table(
        "| code | status | meaning |", ((f"`{c.code}`", c.status, c.meaning) for c in CODES.values())
    )
    yield "## Schemas"
    for name, schema in schemas(limits).items():
        yield f"### {name}"
        if schema.get("description"):
            yield schema["description"]
        if fields := list(_fields(schema)):
            yield _table("| field | value | |", fields)


def _operation(operation: Operation) -> Iterator[str]:
    yield f"### {operation.summary}"
    yield f"`{operation.method.upper()} {operation.path}`" + (" (asks for no key)" if operation.open else "")
    if operation.description:
        yield operation.description
    if operation.parameters:
        rows = ((f"`{p.name}`", p.where, _kind(p.schema), p.description) for p in operation.parameters)
        yield _table("| parameter | in | value | |", rows)
    if body := operation.body:
        yield f"Body{'' if body.required else ' (optional)'}: [{body.schema}](#{body.schema.lower()})"
        yield "\n\n".join(f"{title}:\n\n{_block(value)}" for title, value in body.examples.items())
    yield _table("| answer | body | headers | |", (_answer(each) for each in operation.answers))
    for answer in operation.answers:
        if answer.example is not None:
            yield f"{answer.status}:\n\n{_block(answer.example)}"
    if operation.problems:
        yield f"Refused with {_codes(operation.problems)}."


def _answer(answer: Answer) -> tuple[Any, ...]:
    body = _kind(answer.schema) if answer.schema else f"`{answer.content}`" if answer.content else ""
    headers = ", ".join(f"`{header.name}`" for header in answer.headers)
    return answer.status, body, headers, answer.description


def _fields(schema: Schema, of: str = "") -> Iterator[tuple[str, str, str]]:
    """Give a line for each field, those of what lies in it behind it."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        yield (
            f"`{of}{name}`",
            _kind(field) + ("" if name in required else ", optional"),
            field.get("description", ""),
        )
        yield from _fields(field.get("items", field), f"{of}{name}.")


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(f"{CODES[code].status} `{code}`" for code in codes)


def _kind(schema: Schema) -> str:
    """Say what a value is, as the page of /docs does, in Markdown."""
    said = unescape(re.sub("</?code>", "`", str(kind(schema))))
    return re.sub('<a href="#(\\w+)">\\w+</a>', lambda found: f"[{found[1]}](#{found[1].lower()})", said)


def _table(head: str, rows: Iterable[tuple[Any, ...]]) -> str:
    lines = ("| " + " | ".join(_cell(each) for each in row) + " |" for row in rows)
    return "\n".join((head, "| --- " * (head.count("|") - 1) + "|", *lines))


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def _block(value: Any) -> str:
    if isinstance(value, str):
        return f"```text\n{value.rstrip()}\n```"
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


if __name__ == "__main__":
    click.echo(page(WebSettings()), nl=False)
