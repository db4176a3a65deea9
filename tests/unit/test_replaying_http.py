"""The player of conversations over HTTP: what it asks a server, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from backscroll.errors import PermanentError, TransientError
from backscroll.replaying import held
from backscroll.replaying.calling import call, find_server
from backscroll.replaying.conversations import Script
from backscroll.replaying.held import Held
from backscroll.replaying.playing import play
from backscroll.replaying.told import Told

Handler = Callable[[httpx2.Request], httpx2.Response]


def client(handler: Handler) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url="http://server/", transport=httpx2.MockTransport(handler))


def served(*answers: httpx2.Response | Exception) -> tuple[Handler, list[httpx2.Request]]:
    """Make a server that gives these answers, one after the other, and a list of what it was asked."""
    asked: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        answer = answers[len(asked)]
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler, asked


def later(status: int, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json={"code": "later"}, headers={"Retry-After": "0", **headers})


def reply(status: str, code: int = 200, **more: Any) -> httpx2.Response:
    return httpx2.Response(code, json={"id": "r_1", "status": status, **more})


def played(handler: Handler, *texts: str, limit: float = 60.0) -> tuple[Told, ...]:
    async def run() -> tuple[Told, ...]:
        async with client(handler) as http:
            return await play(http, Script("s1", texts), limit=limit)

    return asyncio.run(run())


def test_a_message_is_posted_again_under_the_same_key_until_it_is_accepted() -> None:
    lost = httpx2.ReadError("the connection broke")
    handler, asked = served(later(503), lost, later(429), later(502), reply("completed", text="hi"))
    [told] = played(handler, "hello")
    assert (told.end, told.text) == ("kept", "hi")
    assert {(request.method, request.headers["Idempotency-Key"]) for request in asked} == {("POST", "s1.1")}
    assert all(json.loads(request.content) == {"text": "hello"} for request in asked)


def test_a_reply_is_waited_for_before_the_next_message_is_posted() -> None:
    usage = {"prompt_tokens": 12}
    handler, asked = served(
        reply("queued", 202),
        reply("in_progress"),
        later(503),
        reply("completed", text="hi", usage=usage),
        reply("queued", 202),
        reply("incomplete", text="cut"),
    )
    first, second = played(handler, "hello", "and on")
    assert [request.method for request in asked] == ["POST", "GET", "GET", "GET", "POST", "GET"]
    assert asked[1].url.path == "/v1/sessions/s1/replies/r_1"
    assert (first.end, first.text, first.prompt_tokens) == ("kept", "hi", 12)
    assert (second.end, second.text) == ("kept", "cut")
    assert first.accept_ms is not None
    assert first.reply_ms is not None
    assert first.accept_ms <= first.reply_ms


def test_failed_and_refused_messages_have_their_code_and_the_session_goes_on() -> None:
    handler, _ = served(
        reply("failed", error={"code": "blocked", "message": "no", "retryable": False}),
        reply("cancelled"),
        httpx2.Response(413, json={"code": "too_large"}),
        httpx2.Response(401, text="who are you?"),
        reply("completed"),
    )
    told = played(handler, *"abcde")
    assert [(each.end, each.code) for each in told] == [
        ("failed", "blocked"),
        ("failed", "cancelled"),
        ("refused", "too_large"),
        ("refused", "http_401"),
        ("kept", None),
    ]


def test_a_reply_that_does_not_end_ends_the_session() -> None:
    handler, asked = served(reply("queued", 202), reply("completed"))
    [told] = played(handler, "hello", "never posted", limit=0.0)
    assert (told.end, told.code, len(asked)) == ("unended", "no_end", 1)


def test_a_reply_that_is_gone_ends_the_session() -> None:
    handler, _ = served(reply("queued", 202), httpx2.Response(404, json={"code": "not_found"}))
    [told] = played(handler, "hello", "never posted")
    assert (told.end, told.code) == ("unended", "not_found")


def test_a_server_that_does_not_come_back_ends_the_run() -> None:
    handler, asked = served(later(503, **{"Retry-After": "60"}))

    async def run() -> None:
        async with client(handler) as http:
            await call(http, "GET", "/", patience=59.0)

    with pytest.raises(TransientError, match=r"http://server answers 503 \(later\) again and again"):
        asyncio.run(run())
    assert len(asked) == 1, "it named a pause that is longer than our patience"


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (httpx2.ConnectError("refused"), TransientError, r"no server answers at http://server \(refused\)"),
        (httpx2.Response(404), PermanentError, "is not Backscroll: /healthz answers 404"),
        (httpx2.Response(200, text="<html>"), PermanentError, "is not Backscroll"),
    ],
)
def test_a_server_that_is_not_there_or_another_one_is_told_at_once(
    answer: httpx2.Response | Exception, error: type[Exception], said: str
) -> None:
    handler, _ = served(answer)

    async def run() -> None:
        async with client(handler) as http:
            await find_server(http)

    with pytest.raises(error, match=said):
        asyncio.run(run())


def test_the_end_is_read_page_by_page_and_a_compaction_that_stays_due_is_not_waited_for_for_ever() -> None:
    state = {
        "context_tokens": 50,
        "chapters": [{"first": 1, "last": 2}],
        "compaction": "due",
        "compactions": {"done": 3},
    }
    first = {"seq": 1, "role": "user", "text": "a", "parts": [], "ts": "2026-01-01T00:00:00.000Z"}
    second = {"seq": 2, "role": "model", "text": "A", "parts": []}
    handler, asked = served(
        httpx2.Response(200, json=state),
        httpx2.Response(200, json={"messages": [first], "next": 1}),
        httpx2.Response(200, json={"messages": [second], "next": None}),
    )

    async def run() -> Held:
        async with client(handler) as http:
            return await held.read(http, "s1", settling=-1.0)

    found = asyncio.run(run())
    assert (found.context_tokens, found.chapters, found.compactions) == (50, 1, 3)
    assert [message.text for message in found.transcript] == ["a", "A"]
    assert [request.url.params.get("after") for request in asked] == [None, "0", "1"]
