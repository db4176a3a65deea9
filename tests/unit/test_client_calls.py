"""Calls as the client makes them: again where that is safe, under one key, and as errors that decide."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from backscroll.client import Client, NotBackscroll, NotEnded, ServerBroke, parts
from backscroll.errors import (
    BackscrollError,
    BusyError,
    InboxFull,
    InvalidRequest,
    Malformed,
    NotFound,
    PermanentError,
    RateLimited,
    SessionBusy,
    TokensSpent,
    TooLarge,
    TooManySessions,
    TransientError,
    Unauthorized,
)
from tests.unit.served import client, problem, reply

LOST = httpx2.ReadError("the connection broke")


def test_a_message_is_posted_again_under_the_same_key_until_it_is_accepted() -> None:
    later = problem(503, "later", retry_after="7")
    speaker, asked, pauses = client(later, LOST, problem(429, "rate", retry_after="0"), reply("completed"))
    assert speaker.session("s1").send("hello").status == "completed"
    keys = {request.headers["Idempotency-Key"] for request in asked}
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    assert all(json.loads(request.content) == {"text": "hello"} for request in asked)
    assert (pauses[0], pauses[2]) == (7.0, 0.0)


def test_two_messages_have_two_keys_unless_one_is_given() -> None:
    speaker, asked, _ = client(*[reply("queued", 202)] * 4)
    session = speaker.session("s1")
    for key in (None, None, "mine", "mine"):
        session.post("hello", idempotency_key=key)
    made = [request.headers["Idempotency-Key"] for request in asked]
    assert made[0] != made[1]
    assert made[2:] == ["mine", "mine"]


def test_what_is_said_of_a_message_is_sent_with_it() -> None:
    speaker, asked, _ = client(reply("queued", 202))
    said = [
        parts.text("look"),
        parts.inline_data(b"\x00\xff", "image/png"),
        parts.file_data("gs://bucket/file"),
        parts.function_response("look_up", {"found": True}, "c1"),
    ]
    speaker.session("s1").post(said, model="gemini-x", on_busy="reject")
    assert json.loads(asked[0].content) == {
        "parts": [
            {"text": "look"},
            {"inlineData": {"mimeType": "image/png", "data": "AP8="}},
            {"fileData": {"fileUri": "gs://bucket/file"}},
            {"functionResponse": {"name": "look_up", "response": {"found": True}, "id": "c1"}},
        ],
        "model": "gemini-x",
        "on_busy": "reject",
    }


def test_patience_ends_before_a_pause_that_is_longer() -> None:
    speaker, asked, pauses = client(problem(503, "later", retry_after="60"), patience=59.0)
    with pytest.raises(TransientError, match="answers 503"):
        speaker.session("s1").state()
    assert (len(asked), pauses) == (1, [])


def test_a_reply_is_waited_for_and_one_that_comes_back_at_once_is_polled_in_peace() -> None:
    queued = reply("queued", 202)
    speaker, asked, pauses = client(queued, reply("in_progress"), LOST, reply("incomplete", text="cut"))
    found = speaker.session("s1").send("hello")
    assert (found.status, found.text, found.kept, found.ended) == ("incomplete", "cut", True, True)
    assert asked[0].headers["Prefer"] == "wait=20"
    assert [request.url.path for request in asked[1:]] == ["/v1/sessions/s1/replies/r_1"] * 3
    assert float(asked[1].url.params["wait"]) == 20.0
    assert pauses[0] == 1.0


def test_a_reply_that_does_not_end_in_time_is_named() -> None:
    speaker, _, _ = client(reply("in_progress"))
    with pytest.raises(NotEnded) as told:
        speaker.session("s1").wait("r_1", timeout=0.0)
    assert (told.value.reply_id, told.value.code) == ("r_1", "not_ended")


@pytest.mark.parametrize(
    ("answer", "kind", "fields"),
    [
        (problem(400, "malformed", field="body"), Malformed, {"code": "malformed", "field": "body"}),
        (problem(401, "unauthorized"), Unauthorized, {"code": "unauthorized"}),
        (problem(404, "not_found"), NotFound, {"code": "not_found"}),
        (problem(413, "too_large", field="text"), TooLarge, {"code": "too_large", "field": "text"}),
        (problem(413, "media_full", field="parts"), TooLarge, {"code": "media_full", "field": "parts"}),
        (
            problem(422, "key_reused", field="Idempotency-Key"),
            InvalidRequest,
            {
                "code": "key_reused",
                "field": "Idempotency-Key",
                "message": "it is key_reused",
            },
        ),
        (problem(409, "session_busy", retry_after="3"), SessionBusy, {"delay": 3.0}),
        (problem(500, "internal"), ServerBroke, {"code": "internal"}),
        (httpx2.Response(302), PermanentError, {"code": "http_302"}),
        (httpx2.Response(403, text="no way"), PermanentError, {"code": "http_403", "message": "Forbidden"}),
        (httpx2.Response(200, text="<html>"), NotBackscroll, {"code": "not_backscroll"}),
        (httpx2.Response(200, json={"id": 7}), NotBackscroll, {"code": "not_backscroll"}),
    ],
)
def test_what_does_not_pass_is_told_at_once_by_the_decision_that_it_causes(
    answer: httpx2.Response, kind: type[BackscrollError], fields: dict[str, Any]
) -> None:
    speaker, asked, _ = client(answer)
    with pytest.raises(kind) as told:
        speaker.session("s1").send("hello")
    assert type(told.value) is kind
    assert {name: getattr(told.value, name) for name in fields} == fields
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (problem(429, "inbox_full", retry_after="1"), InboxFull, "inbox_full"),
        (problem(429, "rate_limited", retry_after="9"), RateLimited, "rate_limited"),
        (problem(429, "too_many_sessions", retry_after="9"), TooManySessions, "too_many_sessions"),
        (problem(429, "token_budget_spent", retry_after="9"), TokensSpent, "token_budget_spent"),
        (problem(429, "crowded", retry_after="9"), BusyError, "crowded"),
        (problem(503, "store_unavailable"), TransientError, "store_unavailable"),
        (httpx2.Response(502, text="bad gateway"), TransientError, "http_502"),
        (httpx2.ConnectError("refused"), TransientError, "unreachable"),
    ],
)
def test_what_passes_is_told_only_after_patience(
    answer: httpx2.Response | Exception, kind: type[BackscrollError], code: str
) -> None:
    speaker, _, _ = client(answer, reply("completed"))
    assert speaker.session("s1").send("hello").ended
    speaker, _, _ = client(answer, patience=0.0)
    with pytest.raises(kind) as told:
        speaker.session("s1").send("hello")
    assert (type(told.value), told.value.code) == (kind, code)


def test_who_is_to_come_back_tomorrow_is_told_so_at_once() -> None:
    speaker, asked, pauses = client(problem(429, "token_budget_spent", retry_after="40000"))
    with pytest.raises(TokensSpent) as told:
        speaker.session("s1").send("hello")
    assert (told.value.delay, len(asked), pauses) == (40_000.0, 1, [])


def test_a_restore_is_asked_for_once() -> None:
    speaker, asked, _ = client(LOST)
    with pytest.raises(TransientError):
        speaker.session("s1").restore()
    assert len(asked) == 1


@pytest.mark.parametrize("url", ["localhost:8080", "http://", "http://host:port", "http://host:0", "ftp://h"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        Client(url)
    assert told.value.field == "url"


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 129])
def test_a_name_that_no_session_can_have_never_becomes_a_path(name: str) -> None:
    with pytest.raises(InvalidRequest):
        Client().session(name)


def test_an_id_is_quoted_where_it_becomes_a_path() -> None:
    speaker, asked, _ = client(problem(404, "not_found"))
    with pytest.raises(NotFound):
        speaker.session("s1").reply("../x?")
    assert asked[0].url.raw_path == b"/v1/sessions/s1/replies/..%2Fx%3F"


@pytest.mark.parametrize("key", ["geheim-ü", "geheim\nX: y", ""])
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        Client(api_key=key)
    assert told.value.field == "api_key"
    assert "geheim" not in str(told.value)
    with pytest.raises(InvalidRequest) as told:
        Client().session("s1").post("hello", idempotency_key=key)
    assert told.value.field == "idempotency_key"


def test_an_api_key_goes_along_with_every_call() -> None:
    asked: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json={})

    transport = httpx2.MockTransport(handler)
    Client("http://server/base/", api_key="k1", transport=transport).session("s1").state()
    assert asked[0].headers["Authorization"] == "Bearer k1"
    assert asked[0].url.path == "/base/v1/sessions/s1"


def test_what_is_no_text_is_refused_before_it_is_sent() -> None:
    with pytest.raises(InvalidRequest) as told:
        Client().session("s1").post("\udcff")
    assert told.value.field == "body"


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (httpx2.ConnectError("refused"), TransientError, r"http://server does not answer \(refused\)"),
        (httpx2.Response(404), NotBackscroll, "is not Backscroll: /healthz answers 404"),
        (httpx2.Response(200, text="<html>"), NotBackscroll, "is not Backscroll"),
    ],
)
def test_a_server_that_is_not_there_or_another_one_is_told_at_once(
    answer: httpx2.Response | Exception, kind: type[Exception], said: str
) -> None:
    speaker, asked, _ = client(answer)
    with pytest.raises(kind, match=said):
        speaker.ping()
    assert len(asked) == 1


def test_a_history_is_read_page_by_page() -> None:
    def message(seq: int) -> dict[str, Any]:
        return {"seq": seq, "role": "user", "text": str(seq), "parts": [], "ts": "2026-01-01T00:00:00.000Z"}

    speaker, asked, _ = client(
        httpx2.Response(200, json={"messages": [message(6)], "next": 6}),
        httpx2.Response(200, json={"messages": [message(7)], "next": None}),
    )
    assert [each.seq for each in speaker.session("s1").history(after=5)] == [6, 7]
    assert [request.url.params["after"] for request in asked] == ["5", "6"]


def test_a_session_that_is_not_there_has_nothing_to_pick_up() -> None:
    speaker, _, _ = client(problem(404, "not_found"))
    assert speaker.session("s1").pick_up() == []
