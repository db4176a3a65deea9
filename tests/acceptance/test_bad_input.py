"""Bad input gets the right code and a message that names the field; nothing is stored, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stack.api import Api

JSON = {"Content-Type": "application/json"}

PICTURE = {"mimeType": "image/png", "data": "QUJD"}


def parts(*posted: dict[str, Any]) -> bytes:
    return json.dumps({"parts": posted}).encode()


BODIES: list[tuple[str, bytes, dict[str, str], int, str, str | None]] = [
    ("nothing", b"", JSON, 400, "malformed", "body"),
    ("no JSON", b"hello", JSON, 400, "malformed", "body"),
    ("half JSON", b'{"text":', JSON, 400, "malformed", "body"),
    ("invalid UTF-8", b'{"text":"\xff\xfe"}', JSON, 400, "malformed", "body"),
    ("no content type", b'{"text":"hi"}', {}, 415, "unsupported_media_type", None),
    (
        "a form",
        b"text=hi",
        {"Content-Type": "application/x-www-form-urlencoded"},
        415,
        "unsupported_media_type",
        None,
    ),
    ("a list", b"[]", JSON, 422, "invalid_request", "body"),
    ("no text", b"{}", JSON, 422, "invalid_request", "text"),
    ("an empty text", b'{"text":""}', JSON, 422, "invalid_request", "text"),
    ("a blank text", b'{"text":" \\n\\t "}', JSON, 422, "invalid_request", "text"),
    ("a number as text", b'{"text":7}', JSON, 422, "invalid_request", "text"),
    ("an unknown field", b'{"text":"hi","colour":"red"}', JSON, 422, "invalid_request", "colour"),
    ("text and parts", b'{"text":"hi","parts":[{"text":"ho"}]}', JSON, 422, "invalid_request", "text"),
    ("no parts", b'{"parts":[]}', JSON, 422, "invalid_request", "parts"),
    ("a wrong part", b'{"parts":[{"text":3}]}', JSON, 422, "invalid_request", "parts[0].text"),
    ("a wrong on_busy", b'{"text":"hi","on_busy":"shout"}', JSON, 422, "invalid_request", "on_busy"),
    ("a wrong model", b'{"text":"hi","model":"a model"}', JSON, 422, "invalid_request", "model"),
    ("too long a text", b'{"text":"' + b"x" * 70_000 + b'"}', JSON, 413, "too_large", "text"),
    ("more than a body", b'{"text":"' + b"x" * 13_000_000 + b'"}', JSON, 413, "too_large", None),
    (
        "too deep",
        b'{"parts":[{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        JSON,
        400,
        "malformed",
        "body",
    ),
    ("a part that is none", b'{"parts":["hi"]}', JSON, 422, "invalid_request", "parts[0]"),
    ("an empty part", b'{"parts":[{"text":"hi"},{}]}', JSON, 422, "invalid_request", "parts[1]"),
    ("blank parts", b'{"parts":[{"text":""},{"text":" "}]}', JSON, 422, "invalid_request", "parts"),
    ("too many parts", parts(*[{"text": "x"}] * 65), JSON, 422, "invalid_request", "parts"),
    (
        "an unknown part",
        parts({"hologram": {}}),
        *(JSON, 422, "invalid_request", "parts[0].hologram"),
    ),
    (
        "a type of another part",
        parts({"type": "text", "inlineData": PICTURE}),
        *(JSON, 422, "invalid_request", "parts[0].type"),
    ),
    (
        "no mime type",
        parts({"text": "hi"}, {"inlineData": PICTURE | {"mimeType": "png"}}),
        *(JSON, 422, "invalid_request", "parts[1].inlineData.mimeType"),
    ),
    (
        "no base64",
        parts({"inline_data": PICTURE | {"data": "QUJD*"}}),
        *(JSON, 422, "invalid_request", "parts[0].inlineData.data"),
    ),
    (
        "a file of this machine",
        parts({"fileData": {"fileUri": "file:///etc/passwd"}}),
        *(JSON, 422, "invalid_request", "parts[0].fileData.fileUri"),
    ),
    (
        "a wrong function's name",
        parts({"functionResponse": {"name": "a b", "response": {}}}),
        *(JSON, 422, "invalid_request", "parts[0].functionResponse.name"),
    ),
    (
        "too long a response",
        parts({"functionResponse": {"name": "f", "response": {"x": "x" * 70_000}}}),
        *(JSON, 413, "too_large", "parts"),
    ),
    (
        "too long a text in a file",
        parts({"inlineData": {"mimeType": "text/csv", "data": "QUJD" * 24_000}}),
        *(JSON, 413, "too_large", "parts"),
    ),
    (
        "too many media",
        parts(
            {"inlineData": PICTURE | {"data": "QUJD" * (2 * 2**20)}},
            {"inlineData": PICTURE | {"data": "QUJD" * 800_000}},
        ),
        *(JSON, 413, "too_large", "parts"),
    ),
]


@pytest.mark.parametrize(
    ("data", "headers", "status", "code", "field"),
    [row[1:] for row in BODIES],
    ids=[row[0] for row in BODIES],
)
def test_a_bad_body_is_refused_by_its_field(
    api: Api, sid: str, data: bytes, headers: dict[str, str], status: int, code: str, field: str | None
) -> None:
    response = api.http.post(f"/v1/sessions/{sid}/messages", content=data, headers=headers)

    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"], problem.get("field")) == (status, code, field)
    assert problem["title"]
    assert problem["detail"]
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 404, "nothing may have been stored"


@pytest.mark.parametrize("name", ["a b", "x" * 129, "a{b}", "ü", "a:b", "%2E", "%2e%2E", "a%00", "a%0A"])
def test_a_bad_session_name_is_refused_on_every_route(api: Api, name: str) -> None:
    base = f"/v1/sessions/{name}"
    responses = [
        api.http.post(f"{base}/messages", json={"text": "hi"}),
        api.http.get(base),
        api.http.delete(base),
        api.http.get(f"{base}/history"),
        api.http.get(f"{base}/replies/r_1"),
        api.http.post(f"{base}/replies/r_1/cancel"),
        api.http.post(f"{base}/compact"),
        api.http.post(f"{base}/restore"),
        api.http.get(f"{base}/media/{'0' * 64}"),
    ]
    assert {(r.status_code, r.json()["field"]) for r in responses} == {(422, "session")}


def test_an_unknown_reply_is_named_in_the_404(api: Api, sid: str) -> None:
    for wait in ("", "?wait=1"):
        response = api.http.get(f"/v1/sessions/{sid}/replies/r_nobody{wait}")
        assert response.status_code == 404
        assert "r_nobody" in response.json()["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("view=everything", "view"),
        ("after=-1", "after"),
        ("after=x", "after"),
        ("limit=0", "limit"),
        ("limit=100000", "limit"),
        ("view=context&limit=null", "limit"),
    ],
)
def test_a_bad_page_is_refused_by_its_field(api: Api, sid: str, query: str, field: str) -> None:
    response = api.http.get(f"/v1/sessions/{sid}/history?{query}")
    assert (response.status_code, response.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    "wait", ["soon", "-1", "nan", "inf", "", "1e400", "1_0", " 1", "٣", "%00", "9" * 400]
)
def test_a_bad_wait_is_refused(api: Api, sid: str, wait: str) -> None:
    response = api.http.get(f"/v1/sessions/{sid}/replies/r_1", params=f"wait={wait}")
    assert (response.status_code, response.json()["field"]) == (422, "wait")


def test_unknown_paths_and_methods_are_problems_too(api: Api, sid: str) -> None:
    nowhere = api.http.get("/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    wrong = api.http.put(f"/v1/sessions/{sid}/messages", json={})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]
    unheard_of = api.http.request("QUERY", f"/v1/sessions/{sid}")
    assert (unheard_of.status_code, unheard_of.json()["code"]) == (405, "method_not_allowed")


def test_a_path_is_taken_as_it_stands(api: Api, sid: str) -> None:
    for path in (
        f"//v1/sessions/{sid}",
        f"/v1//sessions/{sid}",
        f"/v1/sessions/{sid}/",
        "/v1/sessions//history",
    ):
        response = api.http.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), path


@pytest.mark.parametrize(
    ("header", "query", "field"),
    [("x", "1-0", "Last-Event-ID"), ("1-0", "x", "last_event_id"), ("", "%00", "last_event_id")],
)
def test_a_bad_event_id_is_refused_wherever_it_stands(
    api: Api, sid: str, header: str, query: str, field: str
) -> None:
    path = f"/v1/sessions/{sid}/replies/r_1/events?last_event_id={query}"
    response = api.http.get(path, headers={"Last-Event-ID": header})
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_a_whole_number_may_be_written_as_any_number_is(api: Api, sid: str) -> None:
    api.say(sid, "hello")
    for keep, status in (("4.0", 202), ("4e0", 202), ("4.5", 422), ("0", 422), ("1e99", 422), ('"4"', 422)):
        content = f'{{"keep": {keep}}}'.encode()
        assert (
            api.http.post(f"/v1/sessions/{sid}/compact", content=content, headers=JSON).status_code == status
        )


def test_a_bad_idempotency_key_is_refused(api: Api, sid: str) -> None:
    response = api.post(sid, "hi", headers={"Idempotency-Key": "k" * 300})
    assert (response.status_code, response.json()["field"]) == (422, "Idempotency-Key")
