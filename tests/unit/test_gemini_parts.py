"""Parts on their way from the SDK into the history and back: nothing is lost on it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from backscroll.messages.codec import decode_parts, encode_parts
from backscroll.messages.part import Other, Part, Text
from backscroll.model.gemini import _from_sdk, _part_to_sdk, _to_sdk
from backscroll.model.port import Content

SIGNED = {"thoughtSignature": "_v79-w=="}
# As they come over the wire, each with the type by which it is stored.
PARTS: list[tuple[str, dict[str, Any]]] = [
    ("text", {"text": "It costs 42,50 €. 上海 🛳"}),
    ("text", {"text": ""}),
    ("text", {"text": "They ask for a price.", "thought": True}),
    ("text", {"text": "It costs 42,50 €.", **SIGNED}),
    ("text", {"text": "", **SIGNED}),
    ("text", {"text": "", "thought": True, **SIGNED}),
    ("text", {"text": "a", "partMetadata": {"some_key": [1, {"x": None}]}}),
    ("inline_data", {"inlineData": {"data": "_v79-w==", "mimeType": "image/png"}}),
    ("file_data", {"fileData": {"fileUri": "gs://bucket/a.pdf", "mimeType": "application/pdf"}}),
    ("function_call", {"functionCall": {"id": "c1", "name": "book", "args": {"seat_no": 2, "price": 4.5}}}),
    ("function_call", {"functionCall": {"name": "book", "args": {"to": "上海"}}, **SIGNED}),
    ("function_call", {"functionCall": {"name": "now"}}),
    ("function_response", {"functionResponse": {"id": "c1", "name": "book", "response": {"a_b": [1, "x"]}}}),
    ("executable_code", {"executableCode": {"code": "print(1)", "language": "PYTHON"}}),
    ("code_execution_result", {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}}),
]
ids = [f"{kind}-{number}" for number, (kind, _) in enumerate(PARTS)]


def stored_and_loaded(part: Part) -> Part:
    (loaded,) = decode_parts(encode_parts((part,)))
    return loaded


@pytest.mark.parametrize(("kind", "wire"), PARTS, ids=ids)
def test_a_part_goes_into_the_history_and_back_to_the_sdk_without_loss(
    kind: str, wire: dict[str, Any]
) -> None:
    came = types.Part.model_validate(wire)
    back = _part_to_sdk(stored_and_loaded(_from_sdk(came)))
    assert types.Part.model_validate(back) == came
    assert back == wire


@pytest.mark.parametrize(("kind", "wire"), PARTS, ids=ids)
def test_a_part_is_stored_by_a_name_of_our_own(kind: str, wire: dict[str, Any]) -> None:
    part = _from_sdk(types.Part.model_validate(wire))
    assert part.raw["type"] == kind if isinstance(part, Other) else kind == "text"
    assert f'"type":"{kind}"'.encode() in encode_parts((part,))


@given(st.binary(min_size=1), st.text(max_size=3), st.booleans())
def test_f30_a_signature_keeps_its_bytes(signature: bytes, text: str, thought: bool) -> None:
    # Elsewhere signatures were dropped on save or merge: a 400 on the next tool turn.
    came = types.Part(text=text, thought_signature=signature, thought=thought)
    back = types.Part.model_validate(_part_to_sdk(stored_and_loaded(_from_sdk(came))))
    assert back.thought_signature == signature
    assert (back.text, bool(back.thought)) == (text, thought)


@given(st.binary(min_size=1))
def test_f30_a_signature_is_understood_in_either_alphabet(signature: bytes) -> None:
    # Elsewhere they were decoded by the other alphabet than they were encoded by.
    came = types.Part.model_validate({"text": "", "thoughtSignature": b64encode(signature).decode()})
    assert came.thought_signature == signature
    assert types.Part.model_validate(_part_to_sdk(_from_sdk(came))).thought_signature == signature


@pytest.mark.parametrize("wire", [{"functionCall": {"name": "now"}, **SIGNED}, dict(SIGNED)])
def test_f30_a_signature_on_a_part_without_text_stays_with_it(wire: dict[str, Any]) -> None:
    # Elsewhere only the signatures of texts were kept.
    part = stored_and_loaded(_from_sdk(types.Part.model_validate(wire)))
    assert _part_to_sdk(part) == wire


def test_a_content_keeps_its_role_and_the_order_of_its_parts() -> None:
    call = Other({"type": "function_call", "functionCall": {"name": "now"}})
    sent = _to_sdk(Content("model", (Text("Let me see.", thought=True), call, Text("Soon."))))
    assert sent == {
        "role": "model",
        "parts": [
            {"text": "Let me see.", "thought": True},
            {"functionCall": {"name": "now"}},
            {"text": "Soon."},
        ],
    }


def test_what_a_user_wrote_is_sent_without_our_own_names() -> None:
    assert _part_to_sdk(Text("hello")) == {"text": "hello"}


@pytest.mark.parametrize(
    "part",
    [
        Other({"type": "hologram", "hologram": {"of": "a cat"}}),
        Text("look", extra={"newThing": {}}),
        Other({"type": "function_call", "functionCall": {"name": "f", "args": {}}, "newThing": 1}),
    ],
)
def test_f33_what_this_sdk_does_not_know_is_kept_from_it(part: Part) -> None:
    # Elsewhere a history with a field of a newer SDK could not be sent, nor loaded.
    sent = _part_to_sdk(part)
    types.Part.model_validate(sent)
    assert sent
    assert "newThing" not in sent
