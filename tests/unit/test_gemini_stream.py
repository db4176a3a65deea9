"""A streamed answer as it comes together: one message, however it was cut, or the right kind of error."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from backscroll.errors import PermanentError, TransientError
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Text
from backscroll.model.gathered import Gathered
from backscroll.model.gemini import read
from backscroll.model.port import Answer


def chunk(*parts: dict[str, Any], finish: str | None = None, **rest: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": list(parts)}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **rest}


def gathered(*chunks: dict[str, Any]) -> Answer:
    together = Gathered()
    for each in chunks:
        together.add(read(types.GenerateContentResponse.model_validate(each)))
    return together.answer("asked-model")


STOP = chunk(finish="STOP")
SIGNED = {"thoughtSignature": "_v79-w=="}


@given(st.lists(st.text(min_size=1), min_size=1))
def test_f31_a_text_in_many_chunks_is_one_part(pieces: list[str]) -> None:
    # Elsewhere each chunk of a stream became an entry of the history.
    answer = gathered(*[chunk({"text": piece}) for piece in pieces], STOP)
    assert answer.parts == (Text("".join(pieces)),)


def test_thoughts_and_words_are_not_mixed() -> None:
    thought = [chunk({"text": text, "thought": True}) for text in ("They ask ", "for a price.")]
    said = [chunk({"text": text}) for text in ("It costs ", "42,50 €.")]
    assert gathered(*thought, *said, STOP).parts == (
        Text("They ask for a price.", thought=True),
        Text("It costs 42,50 €."),
    )


def test_f30_a_part_with_a_signature_is_merged_with_neither_neighbour() -> None:
    # Elsewhere the merge of chunks dropped signatures or moved them to another text.
    answer = gathered(
        chunk({"text": "one "}), chunk({"text": "two ", **SIGNED}), chunk({"text": "three"}), STOP
    )
    assert answer.parts == (Text("one "), Text("two ", signature="_v79-w=="), Text("three"))


def test_f30_a_signature_on_an_empty_text_at_the_end_is_kept() -> None:
    # Elsewhere the empty text was skipped, and its signature with it.
    answer = gathered(chunk({"text": "done"}), chunk({"text": "", **SIGNED}, finish="STOP"))
    assert answer.parts == (Text("done"), Text("", signature="_v79-w=="))


def test_an_empty_text_without_a_signature_leaves_nothing() -> None:
    assert gathered(chunk({"text": "done"}), chunk({"text": ""}, finish="STOP")).parts == (Text("done"),)


def test_calls_are_kept_apart_and_in_order() -> None:
    calls = [{"functionCall": {"name": name, "args": {}}} for name in ("first", "second")]
    answer = gathered(chunk({"text": "Let me see."}, calls[0]), chunk(calls[1]), STOP)
    assert answer.parts[0] == Text("Let me see.")
    assert [part.raw["functionCall"]["name"] for part in answer.parts[1:] if isinstance(part, Other)] == [
        "first",
        "second",
    ]


def test_the_last_count_of_tokens_counts() -> None:
    answer = gathered(
        chunk({"text": "a"}, usageMetadata={"promptTokenCount": 7, "candidatesTokenCount": 1}),
        chunk(
            {"text": "b"},
            finish="STOP",
            usageMetadata={
                "promptTokenCount": 7,
                "candidatesTokenCount": 2,
                "thoughtsTokenCount": 3,
                "cachedContentTokenCount": 4,
                "totalTokenCount": 12,
            },
        ),
    )
    assert answer.usage == Usage(
        prompt_tokens=7, output_tokens=2, thought_tokens=3, cached_tokens=4, total_tokens=12
    )


def test_a_count_of_tokens_stands_though_the_last_piece_names_none() -> None:
    counted = chunk({"text": "a"}, usageMetadata={"promptTokenCount": 7})
    assert gathered(counted, STOP).usage == Usage(prompt_tokens=7)


def test_the_model_that_answered_is_named_else_the_one_that_was_asked() -> None:
    assert gathered(chunk({"text": "a"}, finish="STOP")).model == "asked-model"
    assert gathered(chunk({"text": "a"}, finish="STOP", modelVersion="flash-002")).model == "flash-002"


def test_an_answer_that_was_cut_off_is_kept_and_says_so() -> None:
    answer = gathered(chunk({"text": "It costs"}, finish="MAX_TOKENS"))
    assert (answer.finish, answer.parts) == ("cut_off", (Text("It costs"),))
    assert gathered(chunk({"text": "It costs 42,50 €."}, finish="STOP")).finish == "stop"


BLOCKED = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
ENDINGS: list[tuple[str, list[dict[str, Any]], type[Exception]]] = [
    ("stream_cut", [chunk({"text": "It costs"})], TransientError),
    ("stream_cut", [], TransientError),
    ("stream_cut", [{"usageMetadata": {"promptTokenCount": 7}}], TransientError),
    ("empty_answer", [STOP], TransientError),
    ("empty_answer", [chunk({"text": ""}, finish="STOP")], TransientError),
    ("empty_answer", [chunk({"text": "Hm.", "thought": True}, finish="STOP")], TransientError),
    ("empty_answer", [chunk({"text": "It"}, finish="MALFORMED_FUNCTION_CALL")], TransientError),
    ("empty_answer", [chunk({"text": "It"}, finish="OTHER")], TransientError),
    ("no_answer", [chunk({"text": "Hm.", "thought": True}, finish="MAX_TOKENS")], PermanentError),
    ("no_answer", [chunk(finish="MAX_TOKENS")], PermanentError),
    ("blocked", [BLOCKED], PermanentError),
    ("blocked", [chunk(finish="SAFETY")], PermanentError),
    ("blocked", [chunk({"text": "It costs"}), chunk(finish="RECITATION")], PermanentError),
]


@pytest.mark.parametrize(
    ("code", "chunks", "kind"), ENDINGS, ids=[f"{n}-{code}" for n, (code, _, _) in enumerate(ENDINGS)]
)
def test_what_is_no_answer_is_an_error_that_tells_whether_to_try_again(
    code: str, chunks: list[dict[str, Any]], kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        gathered(*chunks)
    assert getattr(caught.value, "code", None) == code


def test_f33_a_part_that_the_sdk_emptied_is_no_answer() -> None:
    with pytest.raises(TransientError, match="no answer"):
        gathered(chunk({}, finish="STOP"))
