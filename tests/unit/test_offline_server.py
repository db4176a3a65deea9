"""The offline model as a server: what it answers, whole and streamed, and what it remembers."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.genai import types

from backscroll.offline.server import create_app

MODEL = "gemini-3.5-flash"
WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}},
}
TOOLS = [{"functionDeclarations": [WEATHER, {"name": "now"}]}]
THINKING = {"thinkingConfig": {"includeThoughts": True}}
LONG = "one two three four five six seven eight nine ten"


@pytest.fixture
def server() -> FlaskClient:
    return create_app().test_client()


def user(*parts: dict[str, Any] | str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": p} if isinstance(p, str) else p for p in parts]}


def post(server: FlaskClient, method: str, body: dict[str, Any], model: str = MODEL) -> Any:
    return server.post(f"/v1beta/models/{model}:{method}", json=body)


def answer(server: FlaskClient, *contents: dict[str, Any], model: str = MODEL, **rest: Any) -> dict[str, Any]:
    """Give the content of the answer, which the SDK must understand."""
    response = post(server, "generateContent", {"contents": list(contents), **rest}, model)
    assert response.status_code == 200, response.json
    types.GenerateContentResponse.model_validate(response.json)
    found: dict[str, Any] = response.json["candidates"][0]["content"]
    return found


def words(content: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in content["parts"])


def stream(server: FlaskClient, *contents: dict[str, Any], **rest: Any) -> list[list[dict[str, Any]]]:
    """Give the parts of each chunk."""
    response = post(server, "streamGenerateContent", {"contents": list(contents), **rest})
    lines = [line for line in response.text.split("\r\n\r\n") if line]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines]
    for chunk in chunks:
        types.GenerateContentResponse.model_validate(chunk)
    assert [("finishReason" in chunk["candidates"][0]) for chunk in chunks[:-1]] == [False] * (
        len(chunks) - 1
    )
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"
    return [chunk["candidates"][0].get("content", {}).get("parts", []) for chunk in chunks]


def order(server: FlaskClient, kind: str, **fault: Any) -> None:
    assert server.post("/_faults", json={"kind": kind, **fault}).status_code == 204


def test_a_tool_is_called_and_what_it_gave_back_is_told(server: FlaskClient) -> None:
    asked = user("call get_weather for Bergen and now")
    called = answer(server, asked, tools=TOOLS)
    text, weather, now = called["parts"]
    assert text == {"text": "I call get_weather and now."}
    assert weather["functionCall"]["args"] == {"city": "Bergen"}
    assert "thoughtSignature" in weather
    assert "thoughtSignature" not in now
    responses = [
        {"functionResponse": {"name": "get_weather", "response": {"degrees": 7, "sky": "grey"}}},
        {"functionResponse": {"name": "now", "response": {"time": "9:40"}}},
    ]
    again = answer(server, asked, called, user(*responses, "and now?"), tools=TOOLS)
    assert words(again) == "I call now."
    told = answer(server, asked, called, user(*responses), tools=TOOLS)
    assert words(told) == "get_weather gave back degrees: 7 sky: grey. now gave back time: 9:40."


def test_a_call_without_its_signature_or_with_another_models_is_refused(server: FlaskClient) -> None:
    asked, response = user("call now"), user({"functionResponse": {"name": "now", "response": {}}})
    called = answer(server, asked, tools=TOOLS)
    body = {"contents": [asked, called, response], "tools": TOOLS}
    assert post(server, "generateContent", body).status_code == 200
    other = post(server, "generateContent", body, "gemini-3.5-pro")
    assert (other.status_code, other.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert other.json["error"]["message"] == "Thought signature is not valid"
    del called["parts"][1]["thoughtSignature"]
    lost = post(server, "streamGenerateContent", body)
    assert (lost.status_code, lost.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert "`now` in the 2. content block" in lost.json["error"]["message"]


def test_a_streamed_call_is_a_chunk_of_its_own(server: FlaskClient) -> None:
    chunks = stream(server, user("now now"), tools=TOOLS)
    assert [list(part) for parts in chunks for part in parts] == [
        ["text"],
        ["functionCall", "thoughtSignature"],
        ["functionCall"],
    ]
    assert all(len(parts) == 1 for parts in chunks)


def test_thoughts_come_first_and_a_signature_last_where_they_are_asked_for(server: FlaskClient) -> None:
    order(server, "text", text=LONG)
    *said, last = [part for (part,) in stream(server, user("hello"), generationConfig=THINKING)]
    assert [part.get("thought", False) for part in said] == [True, True, False, False]
    assert "".join(part["text"] for part in said[2:]) == LONG
    assert last["text"] == ""
    assert last["thoughtSignature"]


def test_a_thought_is_counted_as_one(server: FlaskClient) -> None:
    body: dict[str, Any] = {"contents": [user("hello")]}
    plain, thinking = (
        post(server, "generateContent", body | {"generationConfig": config}).json["usageMetadata"]
        for config in ({}, THINKING)
    )
    assert thinking["thoughtsTokenCount"] > 0
    assert thinking["candidatesTokenCount"] == plain["candidatesTokenCount"]
    assert thinking["totalTokenCount"] == sum(
        thinking[name] for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    )


def test_words_are_not_signed_where_no_thoughts_are_asked_for(server: FlaskClient) -> None:
    order(server, "text", text=LONG)
    assert stream(server, user("hello")) == [
        [{"text": "one two three four five six seven eight "}],
        [{"text": "nine ten"}],
    ]


def test_a_short_answer_has_no_signature(server: FlaskClient) -> None:
    order(server, "text", text="hello")
    thought, said = answer(server, user("hello"), generationConfig=THINKING)["parts"]
    assert thought["thought"]
    assert said == {"text": "hello"}


@pytest.mark.parametrize(
    ("instruction", "end"),
    [
        ("Be kind. Always say Ahoy! Never shout.", " Ahoy!"),
        ("Say what I say.", " what I say."),
        ("Do as they say. I say no.", "has been said yet."),
    ],
)
def test_a_system_instruction_to_say_something_is_obeyed(
    server: FlaskClient, instruction: str, end: str
) -> None:
    said = answer(server, user("hello"), systemInstruction={"parts": [{"text": instruction}]})
    assert words(said).endswith(end)


def test_an_instruction_about_summaries_makes_a_conversation_none(server: FlaskClient) -> None:
    instruction = {"parts": [{"text": "You help people with their summaries."}]}
    talk = [user("The code is 4711."), {"role": "model", "parts": [{"text": "Noted."}]}, user("What code?")]
    assert "You said in message 1" in words(answer(server, *talk, systemInstruction=instruction))
    assert server.get("/_requests").json["requests"][0]["kind"] == "reply"


def test_media_are_told_of_and_what_was_said_is_quoted_too(server: FlaskClient) -> None:
    data = bytes(range(200))
    image = {"inline_data": {"mime_type": "image/png", "data": b64encode(data).decode()}}
    digest = sha256(data).hexdigest()
    assert words(answer(server, user(image))) == f"I was given image/png {digest[:8]}."
    said = words(answer(server, user("The code is 4711."), user("What is the code?", image)))
    assert said == f"I was given image/png {digest[:8]}. You said in message 1: “The code is 4711.”"


def test_requests_are_remembered_without_the_bytes_of_their_media(server: FlaskClient) -> None:
    data = bytes(100_000)
    image = {"inlineData": {"mimeType": "image/png", "data": b64encode(data).decode()}}
    answer(server, user("look", image))
    listed = server.get("/_requests")
    assert len(listed.data) < 2000
    (request,) = listed.json["requests"]
    part = request["body"]["contents"][0]["parts"][1]
    assert part["inlineData"]["data"] == f"sha256:{sha256(data).hexdigest()}"


def test_an_image_is_drawn_where_one_is_asked_for(server: FlaskClient) -> None:
    config = {"responseModalities": ["TEXT", "IMAGE"]}
    text, image = answer(server, user("Draw a ferry."), generationConfig=config)["parts"]
    assert text["text"]
    assert image["inlineData"]["mimeType"] == "image/png"


PARTS: list[dict[str, Any]] = [
    {"text": LONG},
    {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
    {"functionCall": {"name": "now", "args": {}}, "thoughtSignature": "c2lnbmVk"},
    {"text": "", "thoughtSignature": "c2lnbmVkIHRvbw=="},
]


@pytest.mark.parametrize("kind", ["parts", "slow_stream"])
def test_ordered_parts_are_answered_as_they_are_one_a_chunk(server: FlaskClient, kind: str) -> None:
    order(server, kind, parts=PARTS, seconds=0)
    assert stream(server, user("hello")) == [[part] for part in PARTS]


def test_a_part_that_nobody_knows_can_be_ordered(server: FlaskClient) -> None:
    order(server, "parts", parts=[{"hologram": {"of": "a cat"}}])
    response = post(server, "generateContent", {"contents": [user("hello")]})
    assert response.json["candidates"][0]["content"]["parts"] == [{"hologram": {"of": "a cat"}}]


def test_a_conversation_goes_on_behind_ordered_signatures(server: FlaskClient) -> None:
    order(server, "parts", parts=PARTS)
    said = answer(server, user("hello"))
    response = user({"functionResponse": {"name": "now", "response": {"time": "9:40"}}})
    assert words(answer(server, user("hello"), said, response)) == "now gave back time: 9:40."


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent", "countTokens"])
def test_an_unknown_model_is_a_404(server: FlaskClient, method: str) -> None:
    response = post(server, method, {"contents": [user("hello")]}, "no-such-model")
    assert response.status_code == 404
    assert response.json["error"]["status"] == "NOT_FOUND"


def test_tokens_of_media_are_counted_by_their_type(server: FlaskClient) -> None:
    image = {"inlineData": {"mimeType": "image/png", "data": b64encode(bytes(90_000)).decode()}}
    assert post(server, "countTokens", {"contents": [user(image)]}).json == {"totalTokens": 258}


def test_an_answer_that_was_cut_off_calls_nothing(server: FlaskClient) -> None:
    config = {"maxOutputTokens": 1}
    body = {"contents": [user("call now")], "tools": TOOLS, "generationConfig": config}
    (candidate,) = post(server, "generateContent", body).json["candidates"]
    assert candidate["finishReason"] == "MAX_TOKENS"
    assert candidate["content"]["parts"] == [{"text": "I ca"}]
