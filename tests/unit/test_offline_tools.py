"""The offline model calls the functions that a message names, with what the message says."""

from __future__ import annotations

from typing import Any

import pytest

from backscroll.offline.tools import calls

TEXT = {"type": "string"}
WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]},
}
BOOK = {
    "name": "book",
    "parametersJsonSchema": {
        "type": "object",
        "properties": {
            "seats": {"type": "integer"},
            "price": {"type": "number"},
            "window": {"type": "boolean"},
            "class": {"type": "string", "enum": ["second", "first"]},
            "note": TEXT,
        },
        "required": ["seats", "price", "window", "class"],
    },
}
NOW = {"name": "now"}


def asked(text: str, *functions: dict[str, Any], **config: Any) -> list[tuple[str, dict[str, Any]]]:
    body = {
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "tools": [{"functionDeclarations": list(functions)}],
        "toolConfig": {"functionCallingConfig": config},
    }
    return [(call["name"], call["args"]) for call in calls(body)]


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("call get_weather for Bergen", "Bergen"),
        ("Please call get_weather for Bergen.", "Bergen"),
        ("get_weather city=Bergen", "Bergen"),
        ("get_weather with city: Bergen, and soon", "Bergen"),
        ('get_weather city="New York" now', "New York"),
        ("With city=Bergen, call get_weather.", "Bergen"),
        ("call get_weather for New York tomorrow. Then rest.", "New York tomorrow"),
        ("get_weather 上海", "上海"),
        ("call get_weather!", "something"),
    ],
)
def test_a_string_is_what_stands_behind_its_name_or_the_rest_of_the_sentence(text: str, city: str) -> None:
    assert asked(text, WEATHER) == [("get_weather", {"city": city})]


def test_several_functions_are_called_in_the_order_in_which_they_are_named() -> None:
    said = asked("Call now, then get_weather for Oslo and get_weather for Bergen, please.", WEATHER, NOW)
    assert said == [
        ("now", {}),
        ("get_weather", {"city": "Oslo"}),
        ("get_weather", {"city": "Bergen, please"}),
    ]


def test_each_call_has_an_id_of_its_own() -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "now now"}]}],
        "tools": [{"functionDeclarations": [NOW]}],
    }
    first, second = calls(body)
    assert first["id"] != second["id"]


def test_arguments_are_of_their_types() -> None:
    ((_, args),) = asked("book 2 seats in first for 42.5 euros", BOOK)
    assert args == {"seats": 2, "price": 42.5, "window": True, "class": "first"}
    ((_, args),) = asked("book price=7 window=no note=quiet 3", BOOK)
    assert args == {"seats": 3, "price": 7, "window": False, "class": "second", "note": "quiet"}


def test_what_the_schema_does_not_require_is_left_out_unless_it_is_named() -> None:
    ((_, args),) = asked("book 1", BOOK)
    assert "note" not in args
    free = {"name": "find", "parameters": {"type": "object", "properties": {"what": TEXT}}}
    assert asked("find the ferry", free) == [("find", {"what": "ferry"})]


def test_lists_objects_and_types_that_may_be_null_are_filled_too() -> None:
    properties = {
        "stops": {"type": "array", "items": TEXT},
        "who": {"type": "object", "properties": {"age": {"type": "integer"}}},
        "mood": {"type": ["null", "string"]},
        "how": {"anyOf": [{"type": "boolean"}, TEXT]},
    }
    tour = {"name": "tour", "parameters": {"type": "object", "properties": properties}}
    assert asked("tour stops=Oslo age=7 mood=calm", tour) == [
        ("tour", {"stops": ["Oslo"], "who": {"age": 7}, "mood": "calm", "how": True})
    ]


@pytest.mark.parametrize("text", ["How are you?", "known facts", "now-or-never", "get_weathers"])
def test_a_message_that_names_no_function_calls_none(text: str) -> None:
    assert asked(text, WEATHER, NOW) == []


def test_of_two_names_the_longer_is_called() -> None:
    assert [name for name, _ in asked("call now.utc", NOW, {"name": "now.utc"})] == ["now.utc"]


def test_the_mode_none_never_calls_and_any_always() -> None:
    assert asked("call now", NOW, mode="NONE") == []
    assert asked("Bergen", WEATHER, NOW, mode="ANY") == [("get_weather", {"city": "Bergen"})]
    assert asked("hello", WEATHER, NOW, mode="ANY", allowedFunctionNames=["now"]) == [("now", {})]
    assert asked("call now", WEATHER, NOW, mode="ANY") == [("now", {})]
    assert asked("call get_weather", WEATHER, NOW, mode="AUTO", allowedFunctionNames=["now"]) == []


@pytest.mark.parametrize("schema", [{"properties": []}, {"properties": {"a": True}}, {"type": "string"}])
def test_a_schema_that_is_none_fills_nothing(schema: dict[str, Any]) -> None:
    assert asked("call now", {"name": "now", "parameters": schema}) == [("now", {})]
