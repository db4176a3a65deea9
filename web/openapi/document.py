"""The table as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from backscroll.settings import WebSettings
from web.openapi.codes import CODES, OF_ALL
from web.openapi.operations import resources
from web.openapi.operations.shared import REQUEST_ID, RETRY_AFTER, sometimes
from web.openapi.schemas import schemas
from web.openapi.table import Answer, Body, Header, Operation, Parameter, Schema, ref

PROBLEM = "application/problem+json"

SUMMARY = "Gemini conversations that live outside of the process: answered at once, never lost."
DESCRIPTION = (
    "Post a message and have a reply at once: to poll, to wait for, or to read along. The history is "
    "kept, and compacted in the background when it outgrows its budget of tokens; nobody waits for that, "
    "and every message stays in the transcript. Errors are problem documents with a stable `code`."
)
KEYS = (
    "`Authorization: Bearer <key>`, where the deployment has keys. Sessions belong to the key's tenant; "
    "those of others are not found."
)

_REFUSAL_HEADERS = {
    401: (
        Header(name="WWW-Authenticate", schema={"type": "string"}, description="`Bearer`: a key is wanted."),
    ),
    409: (RETRY_AFTER,),
    429: (RETRY_AFTER,),
    503: (sometimes(RETRY_AFTER),),
}


def document(limits: WebSettings) -> dict[str, Any]:
    """Write the description, with the limits of this deployment."""
    table = resources(limits)
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for resource in table:
        for operation in resource.operations:
            paths[operation.path][operation.method] = _operation(operation, resource.name)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Backscroll",
            "version": version("backscroll"),
            "summary": SUMMARY,
            "description": DESCRIPTION,
        },
        # Without keys a deployment listens on a loopback address only, and asks for none.
        "security": [{"key": []}, {}],
        "tags": [{"name": resource.name, "description": resource.description} for resource in table],
        "paths": dict(paths),
        "components": {
            "schemas": schemas(limits),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": KEYS}},
        },
    }


def by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    """Give codes by their status, both in order."""
    found: dict[int, list[str]] = defaultdict(list)
    for code in sorted(set(codes), key=list(CODES).index):
        found[CODES[code].status].append(code)
    return dict(sorted(found.items()))


def _operation(operation: Operation, tag: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [tag],
        "summary": operation.summary,
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": dict(_responses(operation)),
    }
    if operation.description:
        written["description"] = operation.description
    if operation.body:
        written["requestBody"] = _body(operation.body)
    if operation.open:
        written["security"] = [{}]
    return written


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _body(body: Body) -> dict[str, Any]:
    examples = {name: {"value": value} for name, value in body.examples.items()}
    content = {"application/json": {"schema": ref(body.schema), "examples": examples}}
    return {"required": body.required, "content": content}


def _responses(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    refusals = by_status((*operation.problems, *OF_ALL))
    for answer in operation.answers:
        yield str(answer.status), _answer(answer)
    for status, codes in refusals.items():
        yield str(status), _refusal(status, codes)


def _answer(answer: Answer) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": answer.description,
        "headers": _headers(*answer.headers, REQUEST_ID),
    }
    if answer.content:
        media: dict[str, Any] = {"schema": answer.schema} if answer.schema else {}
        if answer.example is not None:
            media["example"] = answer.example
        written["content"] = {answer.content: media}
    return written


def _refusal(status: int, codes: list[str]) -> dict[str, Any]:
    schema: Schema = ref("Problem") | {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    written: dict[str, Any] = {
        "description": " ".join(f"`{code}`: {CODES[code].meaning}" for code in codes),
        "content": {PROBLEM: {"schema": schema}},
        "headers": _headers(*_REFUSAL_HEADERS.get(status, ()), REQUEST_ID),
    }
    return written


def _headers(*headers: Header) -> dict[str, Any]:
    return {
        each.name: {"description": each.description, "required": each.always, "schema": each.schema}
        for each in headers
    }
