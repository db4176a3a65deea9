"""Thought signatures: each model wants its own back, and knows them from those of others."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from typing import Any

import pytest

from backscroll.offline.protocol import Refused
from backscroll.offline.signatures import check, given, sign, signed

MODEL, OTHER = "gemini-3.5-flash", "gemini-3.5-pro"
USER = {"role": "user", "parts": [{"text": "call now"}]}
ANSWER = {"role": "user", "parts": [{"functionResponse": {"name": "now", "response": {"time": "9:40"}}}]}
CALL = {"name": "now", "args": {"zone": "CET"}}
SIGNATURE = sign(MODEL, signed(CALL))


def calling(*signatures: str | None, call: dict[str, Any] = CALL) -> dict[str, Any]:
    parts = [{"functionCall": call, "thoughtSignature": each} for each in signatures]
    return {"role": "model", "parts": parts}


def refusal(*contents: dict[str, Any], model: str = MODEL) -> str | None:
    try:
        check(model, list(contents), set())
    except Refused as refused:
        return refused.message
    return None


def test_a_call_with_the_models_own_signature_is_taken() -> None:
    assert refusal(USER, calling(SIGNATURE), ANSWER) is None


def test_a_signature_is_understood_in_either_alphabet() -> None:
    in_the_other = urlsafe_b64encode(b64decode(SIGNATURE)).decode()
    assert refusal(USER, calling(in_the_other), ANSWER) is None
    assert refusal(USER, calling(in_the_other.rstrip("=")), ANSWER) is None


def test_the_id_that_a_call_was_given_is_not_signed() -> None:
    assert refusal(USER, calling(SIGNATURE, call=CALL | {"id": "call-1"}), ANSWER) is None


def test_of_parallel_calls_only_the_first_is_signed() -> None:
    assert refusal(USER, calling(SIGNATURE, None), ANSWER) is None
    assert "missing" in (refusal(USER, calling(None, SIGNATURE), ANSWER) or "")


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_call_of_the_current_turn_without_a_signature_is_refused(nothing: str | None) -> None:
    said = refusal(USER, {"role": "model", "parts": [{"text": "ok"}]}, USER, calling(nothing), ANSWER)
    assert said == "Function call `now` in the 4. content block is missing a `thought_signature`."


def test_each_step_of_a_turn_needs_its_own() -> None:
    assert "3. content" not in (refusal(USER, calling(SIGNATURE), ANSWER, calling(SIGNATURE), ANSWER) or "")
    assert "4. content" in (refusal(USER, calling(SIGNATURE), ANSWER, calling(None), ANSWER) or "")


def test_a_call_of_an_earlier_turn_may_lack_its_signature() -> None:
    assert refusal(USER, calling(None), ANSWER, {"role": "model", "parts": [{"text": "ok"}]}, USER) is None


def test_a_signature_of_another_call_is_refused() -> None:
    other = {"name": "now", "args": {"zone": "UTC"}}
    assert refusal(USER, calling(sign(MODEL, signed(other))), ANSWER) == "Thought signature is not valid"


@pytest.mark.parametrize("foreign", [sign(OTHER, signed(CALL)), "c2lnbmVk", "no base64!", "a"])
def test_a_signature_that_this_model_did_not_make_is_refused_anywhere(foreign: str) -> None:
    assert refusal(USER, calling(foreign), ANSWER) == "Thought signature is not valid"
    spoken = {"role": "model", "parts": [{"text": "", "thoughtSignature": foreign}]}
    assert refusal(USER, spoken, USER) == "Thought signature is not valid"


def test_a_signed_text_is_taken_by_the_model_that_said_it_alone() -> None:
    spoken = {"role": "model", "parts": [{"text": "", "thoughtSignature": sign(MODEL, "nine words")}]}
    assert refusal(USER, spoken, USER) is None
    assert refusal(USER, spoken, USER, model=OTHER) == "Thought signature is not valid"


@pytest.mark.parametrize("encoded", [False, True])
def test_the_word_that_googles_documentation_names_is_taken(encoded: bool) -> None:
    word = "skip_thought_signature_validator"
    sent = urlsafe_b64encode(word.encode()).decode() if encoded else word
    assert refusal(USER, calling(sent), ANSWER) is None


def test_a_signature_that_was_ordered_is_taken_by_the_model_that_answered_it() -> None:
    contents = [USER, calling("c2lnbmVk"), ANSWER]
    check(MODEL, contents, given(MODEL, contents[1]["parts"]))
    with pytest.raises(Refused):
        check(OTHER, contents, given(MODEL, contents[1]["parts"]))
