"""What is set for a session, as it goes over the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from backscroll.errors import PermanentError
from backscroll.messages.part import Other, Text
from backscroll.model.gemini import Gemini
from backscroll.model.port import Content, Prompt
from backscroll.session_settings import SessionSettings
from tests.sdk.asking import HELLO, ask, prompt
from tests.sdk.server import Replaying, Request

# A newer API's words for a category or a tier come through this SDK with a warning.
pytestmark = pytest.mark.filterwarnings("ignore:.* is not a valid")


SECRET = "tropical-secret"


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def asked(api: Replaying, gemini: Gemini, what: Prompt) -> Request:
    api.stream("plain")
    ask(gemini, what)
    return api.requests[-1]


def body(api: Replaying, gemini: Gemini, **settings: Any) -> dict[str, Any]:
    return asked(api, gemini, prompt(settings=SessionSettings(**settings))).body


def test_a_prompt_alone_sends_its_contents_alone(api: Replaying, gemini: Gemini) -> None:
    request = asked(api, gemini, prompt())
    assert request.body.pop("generationConfig", {}) == {}
    assert request.body == {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
    assert request.headers["x-goog-api-key"] == "AIza-the-key-of-the-tests"


def test_a_prompts_own_instruction_goes_before_the_sessions(api: Replaying, gemini: Gemini) -> None:
    session = SessionSettings(system_instruction="Be brief.")
    told = asked(api, gemini, prompt(settings=session)).body
    assert told["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    told = asked(api, gemini, prompt(settings=session, system="Summarise.")).body
    assert told["systemInstruction"] == {"parts": [{"text": "Summarise."}]}


CONFIG = {
    "temperature": 0,
    "topP": 0.5,
    "stopSequences": ["END"],
    "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 100},
    "responseMimeType": "application/json",
    "responseSchema": {"properties": {"user_name": {"anyOf": [{"minLength": 1}]}}},
    "responseJsonSchema": {"properties": {"user_name": {"max_length": 3}}},
    "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
}  # fmt: skip
SNAKE_CONFIG = {
    "temperature": 0,
    "top_p": 0.5,
    "stop_sequences": ["END"],
    "thinking_config": {"include_thoughts": True, "thinking_budget": 100},
    "response_mime_type": "application/json",
    "response_schema": {"properties": {"user_name": {"any_of": [{"min_length": 1}]}}},
    "response_json_schema": {"properties": {"user_name": {"max_length": 3}}},
    "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}},
}  # fmt: skip


@pytest.mark.parametrize("config", [CONFIG, SNAKE_CONFIG], ids=["camel", "snake"])
def test_a_generation_config_goes_over_the_wire_in_geminis_spelling(
    api: Replaying, gemini: Gemini, config: dict[str, Any]
) -> None:
    assert body(api, gemini, generation_config=config)["generationConfig"] == CONFIG


def test_safety_settings_tools_and_their_config_go_along(api: Replaying, gemini: Gemini) -> None:
    parameters = {"type": "OBJECT", "properties": {"place_name": {"type": "STRING"}}}
    sent = body(
        api,
        gemini,
        safety_settings=({"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"},),
        tools=(
            {"function_declarations": [{"name": "weather", "parameters": parameters}]},
            {"googleSearch": {}},
            {"code_execution": {}},
        ),
        tool_config={"function_calling_config": {"mode": "ANY", "allowed_function_names": ["weather"]}},
    )
    assert sent["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    assert sent["tools"] == [
        {"functionDeclarations": [{"name": "weather", "parameters": parameters}]},
        {"googleSearch": {}},
        {"codeExecution": {}},
    ]
    assert sent["toolConfig"] == {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}
    }


def test_what_this_sdk_does_not_know_is_for_the_provider_to_judge(api: Replaying, gemini: Gemini) -> None:
    settings: dict[str, Any] = {
        "generation_config": {"temperature": 1, "newThing": {"of_mine": 1}, "httpOptions": {"baseUrl": "x"}},
        "safety_settings": ({"category": "HARM_CATEGORY_NEW", "newThing": 1},),
        "tools": ({"newTool": {"a_b": 1}}, {"functionDeclarations": [{"name": "f", "newThing": 1}]}),
        "tool_config": {"functionCallingConfig": {"newThing": 1}},
    }
    sent = body(api, gemini, **settings)
    assert sent["generationConfig"] == settings["generation_config"]
    assert sent["safetySettings"] == list(settings["safety_settings"])
    assert sent["tools"] == list(settings["tools"])
    assert sent["toolConfig"] == settings["tool_config"]
    assert api.requests[-1].path.startswith("/v1"), "and none of it tells the SDK whom to ask"


@pytest.mark.parametrize(
    ("session", "deployment", "sent"),
    [
        ({}, 0, None),
        ({}, 10, 10),
        ({"max_output_tokens": 5}, 10, 5),
        ({"maxOutputTokens": "50"}, 10, 10),
        ({"maxOutputTokens": 50}, 0, 50),
    ],
)
def test_the_deployments_limit_bounds_the_sessions(
    api: Replaying, gemini: Gemini, session: dict[str, Any], deployment: int, sent: int | None
) -> None:
    what = prompt(settings=SessionSettings(generation_config=session), max_output_tokens=deployment)
    config = asked(api, gemini, what).body.get("generationConfig", {})
    assert config.get("maxOutputTokens") == sent


def test_a_schema_and_a_tier_are_asked_for(api: Replaying, gemini: Gemini) -> None:
    class Summary(msgspec.Struct):
        text: str

    sent = asked(api, gemini, prompt(schema=Summary, tier="flex")).body
    assert sent["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        },
    }
    assert sent["serviceTier"] == "flex"


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"generation_config": {"temperature": SECRET}}, "generation_config.temperature: "),
        (
            {"generation_config": {"thinking_config": {"thinking_budget": [SECRET]}}},
            "generation_config.thinkingConfig.thinkingBudget: ",
        ),
        (
            {"generation_config": {"maxOutputTokens": {SECRET: 1}}},
            "generation_config.maxOutputTokens: ",
        ),
        ({"safety_settings": ({}, {"category": {SECRET: 1}})}, "safety_settings.1: "),
        (
            {"tools": ({"functionDeclarations": [{"name": "f"}, {"name": [SECRET]}]},)},
            "tools.0.functionDeclarations.1.name: ",
        ),
        ({"tools": ({"functionDeclarations": SECRET},)}, "tools.0.functionDeclarations: "),
        ({"tool_config": {"functionCallingConfig": SECRET}}, "tool_config.functionCallingConfig: "),
        ({"generation_config": {"responseSchema": nested(2_000)}}, "generation_config: "),
        ({"generation_config": {"newThing": nested(2_000)}}, "nested too deeply"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_where_it_stands(
    api: Replaying, gemini: Gemini, settings: dict[str, Any], where: str
) -> None:
    with pytest.raises(PermanentError) as caught:
        ask(gemini, prompt(settings=SessionSettings(**settings)))
    assert caught.value.code == "invalid_config"
    assert where in caught.value.message
    assert SECRET not in caught.value.message
    assert api.requests == [], "nothing was sent"


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "image/png", "data": "no base64 at all!"}},
        {"functionResponse": {"name": "f", "response": "no object"}},
        {"fileData": ["no object"]},
    ],
)
def test_a_part_that_cannot_be_sent_is_no_garbled_answer(
    api: Replaying, gemini: Gemini, part: dict[str, Any]
) -> None:
    with pytest.raises(PermanentError) as caught:
        ask(gemini, prompt(HELLO, Content("user", (Text("look"), Other({"type": "x", **part})))))
    assert caught.value.code == "invalid_config"
    assert "contents.1.parts.1." in caught.value.message
    assert "no " not in caught.value.message.partition("contents")[2]


@pytest.mark.parametrize("model", ["", "../x", "a?b", "a&b", "a\nb", "a\x00b"])
def test_a_models_name_that_cannot_be_asked_for_is_a_permanent_error(
    api: Replaying, gemini: Gemini, model: str
) -> None:
    api.refuse(404, "no such model")
    with pytest.raises(PermanentError) as caught:
        ask(gemini, prompt(model=model))
    assert caught.value.code in ("invalid_config", "model_not_found")


def test_signatures_and_their_stand_in_go_over_the_wire_letter_by_letter(
    api: Replaying, gemini: Gemini
) -> None:
    call = Other({"type": "function_call", "functionCall": {"name": "f"}, "thoughtSignature": "_v79-w=="})
    response = Other({"type": "function_response", "functionResponse": {"name": "f", "response": {}}})
    for maker, signature in (
        ("gemini-3.5-flash", "_v79-w=="),
        ("gemini-3.5-pro", "skip_thought_signature_validator"),
    ):
        what = prompt(HELLO, Content("model", (call,), maker), Content("user", (response,)))
        sent = asked(api, gemini, what).body["contents"][1]["parts"]
        assert sent == [{"functionCall": {"name": "f"}, "thoughtSignature": signature}]
