"""Tools over HTTP: calls in a reply, responses in the next message, and whatever else clients do then."""

from __future__ import annotations

from typing import Any

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel

Json = dict[str, Any]

TOOLS = [
    {
        "functionDeclarations": [
            {
                "name": name,
                "description": "Tells about a city.",
                "parameters": {
                    "type": "OBJECT",
                    "properties": {"city": {"type": "STRING"}},
                    "required": ["city"],
                },
            }
            for name in ("get_weather", "get_time")
        ]
    }
]


def with_tools(api: Api, sid: str, **settings: Any) -> None:
    api.http.put(f"/v1/sessions/{sid}", json={"tools": TOOLS, **settings}).raise_for_status()


def calls(parts: list[Json]) -> list[Json]:
    return [part["functionCall"] for part in parts if "functionCall" in part]


def answer(call: Json, **values: Any) -> Json:
    named = {name: call[name] for name in ("id", "name") if name in call}
    return {"functionResponse": {**named, "response": values}}


def post_parts(api: Api, sid: str, *parts: Json, **body: Any) -> Json:
    response = api.http.post(f"/v1/sessions/{sid}/messages", json={"parts": list(parts), **body})
    assert response.status_code == 202, response.text
    reply = api.ended(sid, response.json()["id"])
    assert reply["status"] == "completed", reply
    return reply


def test_a_reply_that_ends_in_a_call_is_complete_and_its_response_comes_next(api: Api, sid: str) -> None:
    with_tools(api, sid)
    reply = api.say(sid, "Please call get_weather for city: Bergen")
    (call,) = calls(reply["parts"])
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Bergen"})
    last = post_parts(api, sid, answer(call, temperature="7 degrees"))
    assert "7 degrees" in last["text"]
    assert [message["role"] for message in api.transcript(sid)] == ["user", "model", "user", "model"]


def test_f30_a_call_comes_back_to_the_model_with_the_signature_that_it_came_with(
    api: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere signatures were dropped on save or merge: a 400 on the next tool turn.
    with_tools(api, sid)
    reply = api.say(sid, f"Please call get_weather for city: Bergen, {sid}")
    signed = next(part["thoughtSignature"] for part in reply["parts"] if "functionCall" in part)
    post_parts(api, sid, answer(calls(reply["parts"])[0], temperature=7))
    sent = model.requests("reply", containing=sid)[-1]["body"]["contents"][1]["parts"]
    assert [part["thoughtSignature"] for part in sent if "functionCall" in part] == [signed]


def test_parallel_calls_are_answered_in_any_order(api: Api, model: OfflineModel, sid: str) -> None:
    with_tools(api, sid)
    reply = api.say(sid, "Please call get_weather and get_time for city: Bergen")
    weather, time = calls(reply["parts"])
    assert (weather["name"], time["name"]) == ("get_weather", "get_time")
    last = post_parts(api, sid, answer(time, now="noon"), answer(weather, temperature="7 degrees"))
    assert "noon" in last["text"]
    assert "7 degrees" in last["text"]


def test_of_parallel_calls_one_may_stay_unanswered(api: Api, sid: str) -> None:
    with_tools(api, sid)
    reply = api.say(sid, "Please call get_weather and get_time for city: Bergen")
    post_parts(api, sid, answer(calls(reply["parts"])[1], now="noon"))
    api.say(sid, "And what else?")


def test_f32_a_session_whose_last_answer_is_an_open_call_takes_a_plain_message(api: Api, sid: str) -> None:
    # Elsewhere an interrupted tool call wedged the session for ever.
    with_tools(api, sid)
    reply = api.say(sid, "Please call get_weather for city: Bergen")
    assert calls(reply["parts"])
    api.say(sid, "Never mind. How are you?")
    late = post_parts(api, sid, answer(calls(reply["parts"])[0], temperature="7 degrees"))
    assert late["status"] == "completed"
    assert [message["role"] for message in api.transcript(sid)] == ["user", "model"] * 3


def test_a_response_that_nobody_asked_for_is_told_to_the_model_as_text(
    api: Api, model: OfflineModel, sid: str
) -> None:
    post_parts(api, sid, answer({"name": "get_weather"}, temperature=f"7 degrees at {sid}"))
    sent = model.requests("reply", containing=sid)[-1]["body"]["contents"][-1]["parts"]
    assert all("functionResponse" not in part for part in sent)


def test_signatures_do_not_go_to_another_model_in_the_middle_of_a_tool_turn(
    api: Api, model: OfflineModel, sid: str
) -> None:
    with_tools(api, sid)
    reply = api.say(sid, f"Please call get_weather for city: Bergen, {sid}")
    signed = next(part["thoughtSignature"] for part in reply["parts"] if "functionCall" in part)
    post_parts(api, sid, answer(calls(reply["parts"])[0], temperature=7), model="gemini-another")
    sent = model.requests("reply", containing=sid)[-1]["body"]["contents"][1]["parts"]
    assert all(part.get("thoughtSignature") != signed for part in sent)
    api.say(sid, "And back again to the first model.")


def test_f09_an_open_call_survives_a_compaction_and_can_still_be_answered(api: Api, sid: str) -> None:
    # Elsewhere a pending confirmation was compacted away.
    with_tools(api, sid)
    for number in range(4):
        api.say(sid, f"Tell me fact {number} about the harbour of Bergen and its boats.")
    reply = api.say(sid, "Please call get_weather for city: Bergen")
    api.http.post(f"/v1/sessions/{sid}/compact", json={"keep": 1}).raise_for_status()
    api.until_session(sid, "it is compacted", lambda state: state["chapters"])
    last = post_parts(api, sid, answer(calls(reply["parts"])[0], temperature="7 degrees"))
    assert "7 degrees" in last["text"]


def test_a_chain_of_calls_is_one_turn_with_an_answer_at_its_end(api: Api, sid: str) -> None:
    with_tools(api, sid, tool_config={"functionCallingConfig": {"mode": "AUTO"}})
    reply = api.say(sid, "Please call get_weather for city: Bergen")
    for number in range(3):
        (call,) = calls(reply["parts"])
        parts = [answer(call, temperature=number), {"text": "Now call get_weather for city: Oslo"}]
        reply = post_parts(api, sid, *parts)
    assert calls(reply["parts"])[0]["args"] == {"city": "Oslo"}
    until("all is there", lambda: api.session(sid)["turns"] == 4)
