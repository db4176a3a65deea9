"""What holds answers against the description does not let through what is not in there."""

from __future__ import annotations

from typing import Any

import httpx2
import jsonschema_rs
import pytest

from tests.stack import described
from web.headers import OF_ALL
from web.openapi.operations.examples import REPLY

REPLY_PATH = "/v1/sessions/s1/replies/r_1"
PROBLEM = {"title": "Not found", "status": 404, "code": "not_found", "detail": "it is not there"}


def answer(
    body: Any, status: int = 200, *, method: str = "GET", path: str = REPLY_PATH, **headers: str
) -> httpx2.Response:
    kind = "application/problem+json" if status >= 400 else "application/json"
    sent = {
        **OF_ALL,
        "Content-Type": kind,
        "X-Request-ID": "7",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    request = httpx2.Request(method, f"http://server{path}")
    return httpx2.Response(status, json=body, headers=sent, request=request)


@pytest.mark.parametrize(
    "fine",
    [
        answer(REPLY),
        answer(PROBLEM, 404),
        answer(PROBLEM, 404, path="/v1/nowhere"),
        answer(PROBLEM | {"status": 429, "code": "rate_limited"}, 429, Retry_After="1"),
    ],
)
def test_what_is_described_passes(fine: httpx2.Response) -> None:
    described.check(fine)


@pytest.mark.parametrize(
    "wrong",
    [
        answer(REPLY, 206),
        answer(REPLY | {"more": 1}),
        answer({name: value for name, value in REPLY.items() if name != "status"}),
        answer(REPLY | {"status": "asleep"}),
        answer(REPLY, Content_Type="text/plain"),
        answer(PROBLEM | {"status": 500, "code": "internal_error"}, 500),
        answer(REPLY, path="/v1/nowhere"),
        answer(REPLY, method="PUT"),
        answer(PROBLEM | {"code": "unheard_of"}, 404),
        answer(PROBLEM | {"code": "inbox_full"}, 404),
        answer(PROBLEM | {"status": 429, "code": "rate_limited"}, 429),
    ],
    ids=[
        "status",
        "a field more",
        "a field less",
        "a value",
        "a type",
        "a bug",
        "a path",
        "a method",
        "no code of ours",
        "a code of another status",
        "no Retry-After",
    ],
)
def test_what_is_not_described_does_not(wrong: httpx2.Response) -> None:
    with pytest.raises((AssertionError, jsonschema_rs.ValidationError)):
        described.check(wrong)


def test_an_answer_without_the_headers_of_all_does_not_pass() -> None:
    bare = answer(REPLY)
    del bare.headers["Content-Security-Policy"]
    with pytest.raises(AssertionError, match="Content-Security-Policy"):
        described.check(bare)
