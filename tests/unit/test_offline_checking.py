"""What the offline model refuses, because Gemini would, and in whose words."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from backscroll.offline.checking import check, check_model
from backscroll.offline.fields import read
from backscroll.offline.protocol import Refused

CALL = {"functionCall": {"name": "now", "args": {}}}
RESPONSE = {"functionResponse": {"name": "now", "response": {}}}
TEXT = {"text": "hello"}


def content(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def request(*contents: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"contents": list(contents or [content("user", TEXT)]), **rest}


def refusal(body: Any) -> str | None:
    try:
        check(read(body))
    except Refused as refused:
        return f"{refused.code} {refused.message}"
    return None


@pytest.mark.parametrize("model", ["gemini-3.5-flash", "gemma-4", "offline", "offline-2", "cheap"])
def test_models_of_known_families_and_nicknames_are_taken(model: str) -> None:
    check_model(model, "v1beta")


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(Refused) as caught:
        check_model("gpt-7", "v1beta")
    assert caught.value.code == 404
    assert caught.value.message.startswith(
        "models/gpt-7 is not found for API version v1beta, or is not supported for generateContent."
    )


@pytest.mark.parametrize(
    "body",
    [
        request(),
        request(
            generationConfig={"temperature": 2, "topP": 0.0, "maxOutputTokens": 1, "stopSequences": None}
        ),
        request(generation_config={"top_p": 1, "thinking_config": {"include_thoughts": True}}),
        request(systemInstruction={"parts": [TEXT]}, serviceTier="flex"),
        request(safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]),
        request(tools=[{"function_declarations": [{"name": "now"}]}, {"google_search": {}}]),
        request(content("user", {"inline_data": {"mime_type": "image/png", "data": "_-8"}})),
        request(content("user", TEXT), content("model", CALL, CALL), content("function", RESPONSE, RESPONSE)),
        request(content("user", TEXT), content("model", CALL), content("user", RESPONSE, TEXT)),
        request(content("user", TEXT), content("model", TEXT), content("user", TEXT), content("user", TEXT)),
    ],
)
def test_what_gemini_takes_is_taken(body: dict[str, Any]) -> None:
    assert refusal(body) is None


FUNCTIONS = [{"functionDeclarations": [{"name": "now"}]}]
REFUSED: list[tuple[Any, str]] = [
    ([], "Invalid JSON payload received. The body is not an object."),
    ({}, "contents is not specified"),
    ({"contents": []}, "contents is not specified"),
    ({"contents": "hello"}, "Invalid value at 'contents', \"hello\""),
    (request(content("user")), "contents.parts must not be empty"),
    (request({"role": "user", "parts": ["x"]}), "Invalid value at 'contents[0].parts[0]', \"x\""),
    (request(content("assistant", TEXT)), "Please use a valid role: user, model."),
    (request(system_instruction="Be kind."), "Invalid value at 'system_instruction', \"Be kind.\""),
    (
        request(generationConfig={"temperature": 3.0}),
        "Unable to submit request because it has a temperature value of 3 but the supported range is"
        " from 0 (inclusive) to 2 (inclusive).",
    ),
    (request(generationConfig={"temperature": -0.1}), "a temperature value of -0.1"),
    (request(generationConfig={"temperature": "hot"}), "Invalid value at 'generation_config.temperature'"),
    (request(generation_config={"top_p": 1.5}), "a topP value of 1.5"),
    (request(generationConfig={"maxOutputTokens": 0}), "a maxOutputTokens value of 0"),
    (request(generationConfig={"maxOutputTokens": 65537}), "to 65537 (exclusive)"),
    (
        request(generationConfig={"xyz": 1}),
        "Invalid JSON payload received. Unknown name \"xyz\" at 'generation_config': Cannot find field.",
    ),
    (request(generationConfig={"thinking_config": {"x_y": 1}}), '"x_y" at \'generation_config.thinking_'),
    (request(generationConfig={"responseModalities": ["SMELL"]}), "generation_config.response_modalities"),
    (request(history=[]), 'Unknown name "history": Cannot find field.'),
    (
        request(content("user", {"text": "a", "type": "text"})),
        "Unknown name \"type\" at 'contents[0].parts[0]'",
    ),
    (
        request(safetySettings=[{"category": "HARM_CATEGORY_RUDE", "threshold": "OFF"}]),
        "Invalid value at 'safety_settings[0].category', \"HARM_CATEGORY_RUDE\"",
    ),
    (
        request(safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "SOME"}]),
        "Invalid value at 'safety_settings[0].threshold', \"SOME\"",
    ),
    (request(tools=[{"functions": []}]), "Unknown name \"functions\" at 'tools[0]': Cannot find field."),
    (request(tools=FUNCTIONS * 2), "Duplicate function declaration found: now"),
    (request(tools=[{"functionDeclarations": [{"name": "no spaces"}]}]), "Invalid function name"),
    (request(tools=[{"functionDeclarations": [{"name": "a", "parameters": []}]}]), "function_declarations.a"),
    (request(toolConfig={"functionCallingConfig": {"mode": "MAYBE"}}), "function_calling_config.mode"),
    (request(toolConfig={"functionCallingConfig": {"mode": "ANY"}}), "without function_declarations"),
    (
        request(tools=FUNCTIONS, toolConfig={"functionCallingConfig": {"allowedFunctionNames": ["later"]}}),
        "allowed_function_names",
    ),
    (request(content("user", TEXT), content("model", CALL), content("user", TEXT)), "the number of function"),
    (
        request(content("user", TEXT), content("model", CALL)),
        "the number of function response parts is equal",
    ),
    (
        request(content("user", TEXT), content("model", CALL, CALL), content("user", RESPONSE)),
        "the number of function response parts is equal",
    ),
    (
        request(content("user", RESPONSE)),
        "function response turn comes immediately after a function call turn",
    ),
    (
        request(content("user", TEXT), content("model", TEXT), content("user", RESPONSE)),
        "function response turn comes immediately after a function call turn",
    ),
    (
        request(content("model", CALL), content("user", RESPONSE)),
        "function call turn comes immediately after a user turn",
    ),
    (
        request(content("user", {"inlineData": {"mimeType": "image/png", "data": "no base64"}})),
        "Invalid value at 'contents[0].parts[0].inline_data.data'",
    ),
    (
        request(content("user", {"inlineData": {"mimeType": "image/png", "data": 7}})),
        "Invalid value at 'contents[0].parts[0].inline_data.data', 7",
    ),
    (
        request(
            content("user", TEXT),
            content("model", CALL),
            content("user", {"functionResponse": {"name": "now", "parts": [{"inlineData": {"data": "?"}}]}}),
        ),
        "Invalid value at 'contents[2].parts[0].inline_data.data'",
    ),
]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[f"{n}" for n in range(len(REFUSED))])
def test_what_gemini_refuses_is_refused_in_its_words(body: Any, message: str) -> None:
    said = refusal(body) or ""
    assert said.startswith("400 ")
    assert message in said


def test_media_of_more_than_20_mb_together_are_refused() -> None:
    blob = {"inlineData": {"mimeType": "audio/wav", "data": b64encode(bytes(10 * 1024 * 1024)).decode()}}
    byte = {"inlineData": {"mimeType": "audio/wav", "data": "AA=="}}
    assert refusal(request(content("user", blob), content("user", blob))) is None
    said = refusal(request(content("user", blob), content("user", blob, byte)))
    assert said == "400 Request payload size exceeds the limit: 20971520 bytes."


def test_names_come_in_either_spelling_and_values_are_left_alone() -> None:
    args = {"snake_case": {"inner_name": 1}}
    schema = {"type": "object", "properties": {"due_date": {"type": "string"}}}
    found = read(
        {
            "contents": [{"parts": [{"function_call": {"name": "a_b", "args": args}, "thought": None}]}],
            "tools": [{"function_declarations": [{"name": "a_b", "parameters_json_schema": schema}]}],
        }
    )
    assert found == {
        "contents": [{"parts": [{"functionCall": {"name": "a_b", "args": args}}]}],
        "tools": [{"functionDeclarations": [{"name": "a_b", "parametersJsonSchema": schema}]}],
    }
