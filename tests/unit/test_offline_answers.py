"""The offline model's answers: the sentences of the conversation that fit best, and where they stood."""

from __future__ import annotations

from typing import Any

import pytest

from backscroll.offline.answers import answer, text_of


def content(role: str, *texts: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text} for text in texts]}


def asked(question: str, *before: dict[str, Any]) -> str:
    return answer([*before, content("user", question)])


TALK = [
    content("user", "My locker at the station has the code 4711-B. The weather is fine today."),
    content("model", "Noted. Shall I look up the ferry?"),
    content("user", "The ferry to Bergen leaves at 9:40 from pier 3."),
    content("model", "I will remind you of the ferry at nine."),
]


@pytest.mark.parametrize(
    ("question", "where", "sentence"),
    [
        ("What is the code of my locker?", "You said in message 1", "has the code 4711-B."),
        ("When does the ferry to Bergen leave?", "You said in message 3", "leaves at 9:40 from pier 3."),
        ("Will you remind me at nine?", "I said in message 4", "remind you of the ferry at nine."),
    ],
)
def test_the_sentence_that_fits_best_is_quoted_with_its_place(
    question: str, where: str, sentence: str
) -> None:
    said = asked(question, *TALK)
    assert said.startswith(f"{where}: “")
    assert sentence in said.split("”")[0]


def test_a_sentence_of_a_long_text_is_quoted_alone() -> None:
    assert "weather" not in asked("What is the code of my locker?", *TALK)


def test_chinese_is_quoted_too() -> None:
    talk = [content("user", "我的柜子密码是4711。今天天气很好。"), content("model", "好的。")]
    assert asked("柜子密码是多少\uff1f", *talk).startswith("You said in message 1: “我的柜子密码是4711。”")


def test_of_two_that_fit_alike_what_was_said_later_comes_first() -> None:
    talk = [content("user", "The code is 1111."), content("user", "The code is 2222.")]
    said = asked("What is the code?", *talk)
    assert said.index("2222") < said.index("1111")


def test_what_fits_nothing_is_said_to_fit_nothing() -> None:
    said = asked("Welche Farbe hat Quarz?", *TALK)
    assert "Nothing in the 6 sentences" in said
    assert "“" not in said


def test_a_first_question_gets_an_answer_too() -> None:
    assert "nothing has been said yet" in asked("hello")


def test_the_question_itself_is_not_quoted_back() -> None:
    question = "What is the code of my locker?"
    said = asked(question, *TALK, content("user", question), content("model", "I do not know."))
    assert question not in said
    assert "4711-B" in said


def test_the_same_sentence_is_quoted_once() -> None:
    said = asked("What is the code?", *[content("user", "The code is 4711-B.")] * 3)
    assert said.count("4711-B") == 1


def test_a_long_sentence_is_shortened() -> None:
    said = asked("What about the locker?", content("user", "The locker " + "is very old and " * 100))
    assert said.endswith("…”")
    assert len(said) < 500


def test_what_a_tool_found_can_be_quoted() -> None:
    response = {"functionResponse": {"name": "look_up", "response": {"gate": "B12", "stops": ["Oslo", 2]}}}
    assert text_of({"role": "user", "parts": [response]}) == "gate: B12 stops: Oslo stops: 2"
    assert "B12" in asked("Which gate?", {"role": "user", "parts": [response]})


def test_thoughts_and_media_are_not_quoted() -> None:
    parts = [{"text": "secret", "thought": True}, {"inlineData": {"data": "AAAA"}}, {"text": "open"}]
    assert text_of({"role": "model", "parts": parts}) == "open"
