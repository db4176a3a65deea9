"""Parts on their way from the SDK into the history and back: nothing is lost on it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from google.genai import types
from hypothesis import given, settings
from hypothesis import strategies as st

from backscroll.messages.codec import decode_parts, encode_parts
from backscroll.messages.part import Other, Part, Text
from backscroll.model import gemini_parts
from backscroll.model.fields import known
from tests.sdk import expressible
from tests.sdk.wire_parts import IDS, IMAGE, PARTS, SIGNED

thorough = settings(deadline=None, derandomize=True, max_examples=200)
brief = settings(thorough, max_examples=25)
# A newer API's words for a resolution or a language come through this SDK with a warning.
pytestmark = pytest.mark.filterwarnings("ignore:.* is not a valid")


def dumped(part: types.Part) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_none=True, by_alias=True)


def received(part: types.Part) -> Part:
    return gemini_parts.received(dumped(part))


def sent(part: Part) -> dict[str, Any]:
    return gemini_parts.sent(part, types.Part)


def stored_and_loaded(part: Part) -> Part:
    (loaded,) = decode_parts(encode_parts((part,)))
    return loaded


@thorough
@given(expressible.parts())
def test_every_part_that_the_sdk_can_express_survives_store_and_sdk(wire: dict[str, Any]) -> None:
    came = dumped(types.Part.model_validate(wire))
    back = sent(stored_and_loaded(gemini_parts.received(came)))
    assert back == came
    assert dumped(types.Part.model_validate(back)) == came


@pytest.mark.parametrize(("kind", "wire"), PARTS, ids=IDS)
def test_a_part_goes_into_the_history_and_back_to_the_sdk_without_loss(
    kind: str, wire: dict[str, Any]
) -> None:
    wire = known(types.Part, wire)
    came = types.Part.model_validate(wire)
    back = sent(stored_and_loaded(received(came)))
    assert types.Part.model_validate(back) == came
    assert back == wire


@pytest.mark.parametrize(("kind", "wire"), PARTS, ids=IDS)
def test_a_part_is_stored_by_a_name_of_our_own(kind: str, wire: dict[str, Any]) -> None:
    part = received(types.Part.model_validate(known(types.Part, wire)))
    assert part.raw["type"] == kind if isinstance(part, Other) else kind == "text"
    assert f'"type":"{kind}"'.encode() in encode_parts((part,))


@brief
@given(st.binary(min_size=1), st.text(max_size=3), st.booleans())
def test_f30_a_signature_keeps_its_bytes(signature: bytes, text: str, thought: bool) -> None:
    # Elsewhere signatures were dropped on save or merge: a 400 on the next tool turn.
    came = types.Part(text=text, thought_signature=signature, thought=thought)
    back = types.Part.model_validate(sent(stored_and_loaded(received(came))))
    assert back.thought_signature == signature
    assert (back.text, bool(back.thought)) == (text, thought)


@brief
@given(st.binary(min_size=1))
def test_f30_a_signature_is_understood_in_either_alphabet(signature: bytes) -> None:
    # Elsewhere they were decoded by the other alphabet than they were encoded by.
    came = types.Part.model_validate({"text": "", "thoughtSignature": b64encode(signature).decode()})
    assert came.thought_signature == signature
    assert types.Part.model_validate(sent(received(came))).thought_signature == signature


def test_f30_a_signature_without_any_data_stays() -> None:
    # Elsewhere only the signatures of texts were kept.
    assert sent(stored_and_loaded(received(types.Part.model_validate(SIGNED)))) == SIGNED


UNKNOWN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"functionCall": {"name": "f", "args": {}}, "newThing": 1}, {"functionCall": {"name": "f", "args": {}}}),
    ({"functionCall": {"name": "f", "args": {"newThing": 1}, "newThing": 1}, **SIGNED},
     {"functionCall": {"name": "f", "args": {"newThing": 1}}, **SIGNED}),
    ({"inlineData": {**IMAGE, "newThing": {}}}, {"inlineData": IMAGE}),
    (
        {"functionResponse": {"name": "f", "response": {"newThing": 1},
         "parts": [{"inlineData": {**IMAGE, "newThing": 1}}, {"newThing": 1}]}},
        {"functionResponse": {"name": "f", "response": {"newThing": 1}, "parts": [{"inlineData": IMAGE}]}},
    ),
    ({"executableCode": {"code": "1", "newThing": [1]}}, {"executableCode": {"code": "1"}}),
    ({"function_call": {"name": "f"}, "thought_signature": "_v79-w=="},
     {"functionCall": {"name": "f"}, "thoughtSignature": "_v79-w=="}),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), UNKNOWN)
def test_f33_fields_of_a_newer_sdk_are_kept_from_this_one_at_any_depth(
    raw: dict[str, Any], expected: dict[str, Any]
) -> None:
    # Elsewhere a history with a field of a newer SDK could not be sent, nor loaded.
    part = stored_and_loaded(Other({"type": "whatever", **raw}))
    assert sent(part) == expected
    types.Part.model_validate(sent(part))
    assert isinstance(part, Other)
    assert part.raw == {"type": "whatever", **raw}, "what it does not know stays in the history"


@pytest.mark.parametrize(
    "raw",
    [
        {"hologram": {"of": "a cat"}},
        {"hologram": {"of": "a cat"}, **SIGNED},
        {"hologram": {"of": "a cat"}, "thought": True, "partMetadata": {"a": 1}},
        {"functionCall": {"newThing": 1}, **SIGNED},
    ],
)
def test_f33_a_part_of_which_nothing_is_known_is_spoken_of(raw: dict[str, Any]) -> None:
    # Elsewhere it was sent empty, or a signature without what it signs: both a 400.
    assert sent(Other({"type": "hologram", **raw})) == {"text": "(hologram, which cannot be shown here)"}


def test_f33_a_field_of_a_newer_sdk_beside_a_text_is_kept_from_this_one() -> None:
    assert sent(Text("look", extra={"newThing": {}})) == {"text": "look"}


def test_what_a_user_wrote_is_sent_without_our_own_names() -> None:
    assert sent(Text("hello")) == {"text": "hello"}
