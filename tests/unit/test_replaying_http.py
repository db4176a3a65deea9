"""The player of conversations over HTTP: what it asks a server, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2
import pytest

from backscroll.client import AsyncClient
from backscroll.errors import BusyError, PermanentError, TransientError
from backscroll.replaying import held
from backscroll.replaying.conversations import Script
from backscroll.replaying.held import Held
from backscroll.replaying.playing import play
from backscroll.replaying.told import Told
from tests.unit.served import Answer, Asked, in_turn, problem, reply

T = TypeVar("T")


def over(
    work: Callable[[AsyncClient], Awaitable[T]], *answers: Answer, patience: float = 60.0
) -> tuple[T, Asked]:
    """Do some work with a client of a server that gives these answers, one after the other."""
    transport, asked = in_turn(answers)

    async def run() -> T:
        async with AsyncClient("http://server", patience=patience, transport=transport) as client:
            client._wire.sleep = lambda _: asyncio.sleep(0)
            return await work(client)

    return asyncio.run(run()), asked


def played(
    *answers: Answer, texts: str = "a", limit: float = 60.0, patience: float = 60.0
) -> tuple[tuple[Told, ...], Asked]:
    script = Script("s1", tuple(texts))
    return over(lambda client: play(client, script, limit=limit), *answers, patience=patience)


def test_a_message_is_posted_again_under_the_same_key_until_it_is_accepted() -> None:
    lost = httpx2.ReadError("the connection broke")
    later = problem(503, "later", retry_after="0")
    [told], asked = played(later, lost, problem(429, "later"), reply("completed", text="hi"))
    assert (told.end, told.text) == ("kept", "hi")
    assert {(request.method, request.headers["Idempotency-Key"]) for request in asked} == {("POST", "s1.1")}
    assert all(json.loads(request.content) == {"text": "a"} for request in asked)


def test_a_reply_is_waited_for_before_the_next_message_is_posted() -> None:
    (first, second), asked = played(
        reply("queued", 202),
        reply("in_progress"),
        problem(503, "later", retry_after="0"),
        reply("completed", text="hi", usage={"prompt_tokens": 12}),
        reply("queued", 202),
        reply("incomplete", text="cut"),
        texts="ab",
    )
    assert [request.method for request in asked] == ["POST", "GET", "GET", "GET", "POST", "GET"]
    assert asked[1].url.path == "/v1/sessions/s1/replies/r_1"
    assert (first.end, first.text, first.prompt_tokens) == ("kept", "hi", 12)
    assert (second.end, second.text) == ("kept", "cut")
    assert first.accept_ms is not None
    assert first.reply_ms is not None
    assert first.accept_ms <= first.reply_ms


def test_failed_and_refused_messages_have_their_code_and_the_session_goes_on() -> None:
    told, _ = played(
        reply("failed", error={"code": "blocked", "message": "no", "retryable": False}),
        reply("cancelled"),
        problem(413, "too_large"),
        httpx2.Response(401, text="who are you?"),
        reply("completed"),
        texts="abcde",
    )
    assert [(each.end, each.code) for each in told] == [
        ("failed", "blocked"),
        ("failed", "cancelled"),
        ("refused", "too_large"),
        ("refused", "unauthorized"),
        ("kept", None),
    ]


@pytest.mark.parametrize(
    ("answers", "limit", "code"),
    [
        ([reply("queued", 202), reply("in_progress")], 0.0, "no_end"),
        ([reply("queued", 202), problem(404, "not_found")], 60.0, "not_found"),
        ([reply("queued", 202), problem(500, "internal")], 60.0, "internal"),
        ([problem(500, "internal")], 60.0, "internal"),
    ],
)
def test_a_reply_that_does_not_end_or_is_gone_ends_the_session(
    answers: list[Answer], limit: float, code: str
) -> None:
    [told], asked = played(*answers, texts="ab", limit=limit)
    assert (told.end, told.code, len(asked)) == ("unended", code, len(answers))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(503, "later", retry_after="60"), TransientError),
        (problem(429, "inbox_full", retry_after="60"), BusyError),
        (httpx2.Response(200, text="<html>"), PermanentError),
    ],
)
@pytest.mark.parametrize("before", [[], [reply("queued", 202)]])
def test_a_server_that_does_not_come_back_or_is_another_one_ends_the_run(
    before: list[Answer], answer: httpx2.Response, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        played(*before, answer, patience=59.0)


def test_the_end_is_read_page_by_page_and_a_compaction_that_stays_due_is_not_waited_for_for_ever() -> None:
    state = {
        "context_tokens": 50,
        "chapters": [{"first": 1, "last": 2}],
        "compaction": "due",
        "compactions": {"done": 3},
    }
    first: dict[str, Any] = {"seq": 1, "role": "user", "text": "a", "parts": []}
    second: dict[str, Any] = {"seq": 2, "role": "model", "text": "A", "parts": []}
    found, asked = over(
        lambda client: held.read(client.session("s1"), settling=-1.0),
        httpx2.Response(200, json=state),
        httpx2.Response(200, json={"messages": [first], "next": 1}),
        httpx2.Response(200, json={"messages": [second], "next": None}),
    )
    assert (found.context_tokens, found.chapters, found.compactions) == (50, 1, 3)
    assert [message.text for message in found.transcript] == ["a", "A"]
    assert [request.url.params.get("after") for request in asked] == [None, "0", "1"]


def test_a_session_that_is_gone_holds_nothing() -> None:
    found, _ = over(lambda client: held.read(client.session("s1")), problem(404, "not_found"))
    assert found == Held()
