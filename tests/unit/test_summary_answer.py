"""What is understood of a summary model's answer, and how the parts of one range come together."""

from __future__ import annotations

import json

import msgspec
import pytest

from backscroll.compaction.summary import combine, read_summary
from backscroll.messages.chapter import OpenTask, Summary
from backscroll.model.schema import json_schema

FULL = {
    "what_happened": "Mia booked.",
    "decisions": ["two seats"],
    "open_tasks": [{"task": "pay", "owner": "Tom"}],
    "facts": ["FX-7781"],
}


@pytest.mark.parametrize("form", ["{}", "\n {} \n", "```json\n{}\n```", "```\n{}```"])
def test_json_is_understood_also_where_a_model_fences_it(form: str) -> None:
    assert read_summary(form.replace("{}", json.dumps(FULL))) == Summary(
        what_happened="Mia booked.",
        decisions=("two seats",),
        open_tasks=(OpenTask(task="pay", owner="Tom"),),
        facts=("FX-7781",),
    )


def test_lists_may_be_missing() -> None:
    assert read_summary('{"what_happened": " Mia booked. "}') == Summary(what_happened="Mia booked.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mia booked two seats.",
        "[]",
        "{}",
        '{"summary": "Mia booked."}',
        '{"what_happened": 7}',
        '{"what_happened": "x", "facts": "one"}',
        '{"what_happened": "x", "open_tasks": ["pay"]}',
        '{"what_happened": "x"',
        'Here it is: {"what_happened": "x"}',
    ],
)
def test_anything_else_is_not_structured(text: str) -> None:
    assert read_summary(text) is None


def test_f12_parts_are_joined_in_their_order_and_say_nothing_twice() -> None:
    # Elsewhere only a part of what did not fit was summarised.
    first = Summary(what_happened="One.", decisions=("a", "b"), facts=("x",))
    second = Summary(
        what_happened="Two.", decisions=("b", "c"), open_tasks=(OpenTask(task="t"),), facts=("x",)
    )
    assert combine([first, second]) == Summary(
        what_happened="One. Two.", decisions=("a", "b", "c"), open_tasks=(OpenTask(task="t"),), facts=("x",)
    )
    assert combine([first, None]) is None


def test_the_schema_stands_in_one_piece() -> None:
    text = json.dumps(json_schema(Summary))
    assert "$" not in text
    task = json_schema(Summary)["properties"]["open_tasks"]["items"]
    assert set(task["properties"]) == {"task", "owner", "due"}
    assert json_schema(Summary)["required"] == ["what_happened"]


class Inner(msgspec.Struct):
    name: str


class Outer(msgspec.Struct):
    inner: Inner | None


def test_alternatives_are_inlined_too() -> None:
    (named, nothing) = json_schema(Outer)["properties"]["inner"]["anyOf"]
    assert {kind["type"] for kind in (named, nothing)} == {"object", "null"}
