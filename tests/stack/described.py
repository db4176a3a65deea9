"""Whatever the API answers, in any test, has to be in its description."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import httpx2
import jsonschema_rs

from backscroll.settings import WebSettings
from web.openapi.document import document

_PROBLEM = "application/problem+json"
_OF_EVENTS = {
    "status": "StatusEvent",
    "delta": "DeltaEvent",
    "part": "Part",
    "usage": "Usage",
    "error": "ErrorEvent",
}
_OF_ALL_ANSWERS = (
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Content-Security-Policy",
    "Cache-Control",
    "X-Request-ID",
)

Validator = Callable[[Any], None]


class _Path(NamedTuple):
    pattern: re.Pattern[str]
    operations: dict[str, Any]


@cache
def _paths() -> list[_Path]:
    return [
        _Path(re.compile(re.sub(r"{\w+}", "[^/]+", path)), operations)
        for path, operations in document(WebSettings())["paths"].items()
    ]


@cache
def _components() -> dict[str, Any]:
    found: dict[str, Any] = document(WebSettings())["components"]
    return found


def _validator(schema: dict[str, Any]) -> Validator:
    return jsonschema_rs.validator_for({**schema, "components": _components()}).validate


@cache
def _of_response(path: int, method: str, status: str) -> tuple[dict[str, Any], dict[str, Validator]]:
    """Give what is described of an answer, and what holds its body against it, by the body's type."""
    responses = _paths()[path].operations[method]["responses"]
    assert status in responses, f"{method} {_paths()[path].pattern.pattern} answered {status}: not described"
    described = responses[status]
    validators = {
        kind: _validator(media["schema"])
        for kind, media in described.get("content", {}).items()
        if kind.endswith("json")
    }
    return described, validators


@cache
def _of_event(kind: str) -> Validator:
    return _validator({"$ref": f"#/components/schemas/{_OF_EVENTS.get(kind, 'Reply')}"})


def check_event(kind: str, data: Any) -> None:
    """Hold an event of a stream against the description."""
    _of_event(kind)(data)


def check(response: httpx2.Response) -> None:
    """Hold an answer against the description: path, status, headers, body."""
    path = response.request.url.raw_path.decode().partition("?")[0]
    found = next((n for n, each in enumerate(_paths()) if each.pattern.fullmatch(path)), None)
    method = response.request.method.lower()
    method = "get" if method == "head" else method
    assert response.status_code != 500, f"{method} {path}: a bug is described, and no answer"
    missing = [name for name in _OF_ALL_ANSWERS if name not in response.headers]
    assert not missing, f"{method} {path} answered without {missing}"
    if found is None or method not in _paths()[found].operations:
        # Whoever has no key, or asks too much, is not told what is there.
        wrong = "not_found" if found is None else "method_not_allowed"
        assert _code(response) in (wrong, "unauthorized", "rate_limited"), f"{method} {path} is not described"
        assert "Allow" in response.headers or response.status_code != 405
    else:
        _check_described(found, method, response)


def _check_described(found: int, method: str, response: httpx2.Response) -> None:
    described, validators = _of_response(found, method, str(response.status_code))
    for name, header in described.get("headers", {}).items():
        assert name in response.headers or not header["required"], f"{response.url} answered without {name}"
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    contents = described.get("content", {})
    assert not contents or kind in contents or "*/*" in contents, f"{response.url} answered with {kind}"
    if kind in validators and response.request.method != "HEAD":
        response.read()
        validators[kind](response.json())
    elif not contents:
        assert not response.read(), f"{response.url}: a body is not described"


def _code(response: httpx2.Response) -> str:
    response.read()
    assert response.headers["Content-Type"] == _PROBLEM
    return str(response.json()["code"])
