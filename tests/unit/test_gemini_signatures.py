"""Whose signatures a model may see: its own."""

from __future__ import annotations

from typing import Any

import pytest

from backscroll.messages.part import Other, Part, Text
from backscroll.model.gemini_signatures import STAND_IN, signed_for
from backscroll.model.port import Content

MINE, OTHERS = "gemini-3.5-flash", "gemini-3.5-pro"
ASKED = Content("user", (Text("What is the weather?"),))


def call(name: str = "f", signature: str | None = None) -> Other:
    raw: dict[str, Any] = {"type": "function_call", "functionCall": {"name": name}}
    return Other(raw if signature is None else {**raw, "thoughtSignature": signature})


def said(*parts: Part, by: str = OTHERS) -> Content:
    return Content("model", parts, by)


RESPONDED = Content("user", (Other({"type": "x", "functionResponse": {"name": "f", "response": {}}}),))


def seen(*contents: Content, model: str = MINE) -> list[tuple[Part, ...]]:
    return [content.parts for content in signed_for(contents, model)]


def test_a_models_own_signatures_stay_on_every_part() -> None:
    parts = (Text("a", signature="s"), call(signature="s"), Other({"type": "y", "inlineData": {}}))
    assert seen(ASKED, said(*parts, by=MINE), RESPONDED)[1] == parts


def test_f30_another_models_signatures_are_left_out_whatever_they_sign() -> None:
    # Elsewhere a conversation died of a 400 when its model was changed.
    image = {"type": "inline_data", "inlineData": {"mimeType": "image/png", "data": ""}}
    before = said(
        Text("a", signature="s"),
        Text("b", thought=True, signature="s", extra={"partMetadata": {"c": 1}}),
        Other({**image, "thoughtSignature": "s"}),
        Other({**image, "thought_signature": "s"}),
        call(signature="s"),
    )
    assert seen(before, RESPONDED, ASKED)[0] == (
        Text("a"),
        Text("b", thought=True, extra={"partMetadata": {"c": 1}}),
        Other(image),
        Other(image),
        call(),
    )


@pytest.mark.parametrize("by", ["", OTHERS])
def test_a_part_that_was_there_for_its_signature_alone_goes_with_it(by: str) -> None:
    bare = Other({"type": "thought_signature", "thoughtSignature": "s"})
    assert seen(ASKED, said(Text("a"), Text("", signature="s"), bare, by=by), ASKED)[1] == (Text("a"),)


def test_a_content_is_never_left_without_parts() -> None:
    assert seen(ASKED, said(Text("", signature="s")), ASKED)[1] == (Text(""),)


def test_in_the_current_turn_a_stand_in_takes_the_first_calls_place_in_each_step() -> None:
    steps = (
        ASKED,
        said(Text("Let me see."), call("f", "s"), call("g")),
        RESPONDED,
        said(call("h", "t")),
        RESPONDED,
    )
    first, second = seen(*steps)[1], seen(*steps)[3]
    assert first == (Text("Let me see."), call("f", STAND_IN), call("g"))
    assert second == (call("h", STAND_IN),)


def test_a_model_of_before_is_no_exception_in_the_middle_of_a_turn() -> None:
    assert seen(ASKED, said(call("f", "s")), RESPONDED, said(call("g", "s"), by=MINE), RESPONDED)[1::2] == [
        (call("f", STAND_IN),),
        (call("g", "s"),),
    ]


def test_a_call_of_an_earlier_turn_needs_none() -> None:
    assert seen(ASKED, said(call("f", "s")), RESPONDED, said(Text("Sunny.")), ASKED)[1] == (call("f"),)


@pytest.mark.parametrize(
    ("model", "asks"),
    [
        ("gemini-3.5-flash-lite", True),
        ("gemini-3-pro-preview", True),
        ("models/gemini-4-flash", True),
        ("gemini-flash-latest", True),
        ("gemini-20-flash", True),
        ("gemini-2.5-flash", False),
        ("models/gemini-2.0-flash-001", False),
        ("gemini-1.5-pro", False),
        ("gemma-4-27b-it", False),
    ],
)
def test_a_model_that_asks_for_no_signature_gets_no_stand_in(model: str, asks: bool) -> None:
    assert seen(ASKED, said(call("f", "s")), RESPONDED, model=model)[1] == (
        call("f", STAND_IN if asks else None),
    )


def test_what_is_stored_stays_as_it_is() -> None:
    content = said(call("f", "s"), Text("a", signature="s"))
    signed_for([ASKED, content, RESPONDED], MINE)
    assert content == said(call("f", "s"), Text("a", signature="s"))
