"""Session settings over HTTP: who answers, told what, and what comes of settings that nobody can use."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.stack.api import Api
from tests.stack.offline import OfflineModel

LOOK_UP = {"functionDeclarations": [{"name": "look_up", "description": "Looks up a city."}]}


def put(api: Api, sid: str, **settings: Any) -> httpx2.Response:
    return api.http.put(f"/v1/sessions/{sid}", json=settings)


def asked(model: OfflineModel, sid: str) -> dict[str, Any]:
    """Give the request that the model got for a message in which the session's name was."""
    found: dict[str, Any] = model.requests("reply", containing=sid)[-1]
    return found


def test_a_session_is_configured_before_its_first_message(api: Api, model: OfflineModel, sid: str) -> None:
    created = put(api, sid, model="gemini-of-the-session", system_instruction="Be brief.", ttl=600)
    assert created.status_code == 201
    assert created.json()["settings"] == {
        "model": "gemini-of-the-session",
        "system_instruction": "Be brief.",
        "ttl": 600,
    }
    assert api.say(sid, f"hello from {sid}")["model"] == "gemini-of-the-session"
    request = asked(model, sid)
    assert request["model"] == "gemini-of-the-session"
    assert request["body"]["systemInstruction"]["parts"][0]["text"] == "Be brief."
    assert 0 < api.session(sid)["expires_in"] <= 600


def test_what_is_set_reaches_the_model_as_it_is(api: Api, model: OfflineModel, sid: str) -> None:
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}]
    settings = {
        "generation_config": {"temperature": 0.25, "topK": 3, "maxOutputTokens": 500},
        "safety_settings": safety,
        "tools": [LOOK_UP],
        "tool_config": {"functionCallingConfig": {"mode": "AUTO"}},
    }
    assert put(api, sid, **settings).status_code == 201
    api.say(sid, f"hello from {sid}")
    body = asked(model, sid)["body"]
    generation = body["generationConfig"]
    assert (generation["temperature"], generation["topK"], generation["maxOutputTokens"]) == (0.25, 3, 500)
    assert body["safetySettings"] == safety
    assert body["tools"] == [LOOK_UP]
    assert body["toolConfig"]["functionCallingConfig"]["mode"] == "AUTO"


def test_settings_hold_from_the_next_turn_on_and_replace_those_before(
    api: Api, model: OfflineModel, sid: str
) -> None:
    api.say(sid, f"hello from {sid}")
    assert put(api, sid, system_instruction="Be brief.").status_code == 200
    api.say(sid, f"again from {sid}")
    assert "systemInstruction" in asked(model, sid)["body"]
    assert put(api, sid).json()["settings"] == {}
    api.say(sid, f"once more from {sid}")
    assert "systemInstruction" not in asked(model, sid)["body"]


def test_the_model_of_a_message_goes_before_that_of_its_session(api: Api, sid: str) -> None:
    put(api, sid, model="gemini-of-the-session")
    assert api.say(sid, "hello", model="gemini-of-the-message")["model"] == "gemini-of-the-message"
    assert api.say(sid, "hello again")["model"] == "gemini-of-the-session"


def test_a_model_that_nobody_knows_fails_the_reply_in_the_providers_words(api: Api, sid: str) -> None:
    put(api, sid, model="no-such-model")
    reply = api.ended(sid, api.submit(sid, "hello"))
    assert reply["status"] == "failed"
    assert reply["error"]["code"] == "model_not_found"
    assert "models/no-such-model is not found" in reply["error"]["message"]
    assert reply["error"]["retryable"] is False
    assert api.transcript(sid) == []
    put(api, sid)
    api.say(sid, "hello")


def test_a_config_that_the_provider_refuses_fails_the_reply_in_its_words(api: Api, sid: str) -> None:
    put(api, sid, generation_config={"temperature": 9})
    reply = api.ended(sid, api.submit(sid, "hello"))
    assert (reply["status"], reply["error"]["code"]) == ("failed", "model_refused")
    assert "temperature" in reply["error"]["message"]


def test_a_config_that_cannot_be_sent_fails_the_reply_and_names_the_field(api: Api, sid: str) -> None:
    put(api, sid, generation_config={"temperature": {"much": "hotter"}})
    reply = api.ended(sid, api.submit(sid, "hello"))
    assert (reply["status"], reply["error"]["code"]) == ("failed", "invalid_config")
    assert "temperature" in reply["error"]["message"]
    assert "hotter" not in reply["error"]["message"]


def deep(levels: int) -> dict[str, Any]:
    return {"items": deep(levels - 1)} if levels else {}


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"model": "a model"}, 422, "model"),
    ({"model": 3}, 422, "model"),
    ({"system_instruction": ["Be brief."]}, 422, "system_instruction"),
    ({"generation_config": []}, 422, "generation_config"),
    ({"tools": {"functionDeclarations": []}}, 422, "tools"),
    ({"tools": ["look_up"]}, 422, "tools[0]"),
    ({"safety_settings": "none"}, 422, "safety_settings"),
    ({"ttl": 0}, 422, "ttl"),
    ({"ttl": 1e12}, 422, "ttl"),
    ({"temperature": 1}, 422, "temperature"),
    ({"generation_config": {"responseSchema": deep(65)}}, 422, "generation_config"),
    ({"tools": [deep(65)]}, 422, "tools"),
    ({"system_instruction": "long " * 20_000}, 413, "body"),
]


@pytest.mark.parametrize(("settings", "status", "field"), WRONG, ids=[str(each[0])[:40] for each in WRONG])
def test_wrong_settings_are_refused_by_name_and_change_nothing(
    api: Api, sid: str, settings: dict[str, Any], status: int, field: str
) -> None:
    put(api, sid, system_instruction="Be brief.")
    response = put(api, sid, **settings)
    assert (response.status_code, response.json()["field"]) == (status, field)
    assert api.session(sid)["settings"] == {"system_instruction": "Be brief."}


def test_a_system_instruction_and_tools_do_not_count_as_history(api: Api, sid: str) -> None:
    # They cannot be compacted: counted as history, large ones would call for a compaction after each turn.
    put(api, sid, system_instruction="Be brief. " * 4000)
    reply = api.say(sid, "hello")
    assert reply["usage"]["prompt_tokens"] > 9_000
    assert api.session(sid)["context_tokens"] < 200
