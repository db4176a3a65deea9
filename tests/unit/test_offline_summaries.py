"""The offline model's summaries: the sentences that say most, in their order, within the length asked for."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.compaction.summary import build_merge_prompt, build_prompts, read_summary
from backscroll.messages.chapter import Chapter
from backscroll.messages.part import Text
from backscroll.model.port import Prompt
from backscroll.model.schema import json_schema
from backscroll.offline.summaries import asks_for_summary, summarise
from backscroll.offline.words import word_count
from backscroll.settings import BudgetSettings, Settings
from tests.unit.conversations import messages, said


def request(text: str, instruction: str = "Summarise this in at most 40 words.") -> dict[str, Any]:
    return {
        "systemInstruction": {"parts": [{"text": instruction}]},
        "contents": [{"role": "user", "parts": [{"text": text}]}],
    }


def asked_by(prompt: Prompt) -> dict[str, Any]:
    text = "".join(part.text for part in prompt.contents[0].parts if isinstance(part, Text))
    assert prompt.schema is not None
    config = {"responseMimeType": "application/json", "responseJsonSchema": json_schema(prompt.schema)}
    return request(text, prompt.system) | {"generationConfig": config}


FACTS = [
    "Mia Li ordered the ferry FX-7781 to Bergen for 42,50 euros.",
    "Tom pays the invoice 4711 by Friday the 3rd of May.",
]
CHAT = ["well that is nice to hear and so on.", "yes of course we may do that at some time.", "ok then."]
LONG = "\n".join([CHAT[0], FACTS[0], CHAT[1], CHAT[1] + CHAT[0], FACTS[1], CHAT[2], CHAT[1] + CHAT[1]])


@pytest.mark.parametrize(
    ("instruction", "asks"),
    [
        ("Summarise the conversation.", True),
        ("Write a SUMMARY of it.", True),
        ("You are a friendly assistant.", False),
        ("", False),
    ],
)
def test_a_summary_is_asked_for_by_the_system_instruction(instruction: str, asks: bool) -> None:
    assert asks_for_summary(request("Please summarise this.", instruction)) is asks
    assert asks_for_summary({"systemInstruction": instruction, "contents": []}) is asks


def test_a_request_without_a_system_instruction_asks_for_no_summary() -> None:
    assert not asks_for_summary({"contents": [{"parts": [{"text": "Summarise this."}]}]})


def test_what_the_project_itself_asks_for_is_understood() -> None:
    small = [said("user", CHAT[1]), said("model", CHAT[0] * 3)]
    history = messages(*[[said("user", fact), *small * 8] for fact in FACTS])
    (prompt,) = build_prompts(history, Settings(budget=BudgetSettings(chapter_tokens=100)))
    body = asked_by(prompt)
    assert asks_for_summary(body)
    summary = read_summary(summarise(body))
    assert summary is not None
    assert "[1]" not in summary.what_happened
    assert FACTS[0] in summary.what_happened
    assert summary.decisions == summary.open_tasks == summary.facts == ()


def test_chapters_that_are_merged_are_summarised_as_a_conversation_is() -> None:
    chapters = [
        Chapter(
            first=number, last=number, text=f"{CHAT[1]} {fact}", facts=("Pier 3",), model="m", prompt="2",
            ts=0, tokens_before=100, tokens_after=50,
        )
        for number, fact in enumerate(FACTS, 1)
    ]  # fmt: skip
    body = asked_by(build_merge_prompt(chapters, Settings()))
    assert asks_for_summary(body)
    summary = read_summary(summarise(body))
    assert summary is not None
    assert "FX-7781" in summary.what_happened
    assert "summary:" not in summary.what_happened


@pytest.mark.parametrize("camel", [True, False])
def test_json_is_given_where_json_is_asked_for(camel: bool) -> None:
    schema = {
        "properties": {"said": {"type": "STRING"}, "kept": {"type": "ARRAY"}, "sure": {"type": "boolean"}}
    }
    body = request(LONG) | {
        "generationConfig": {"responseMimeType": "application/json", "responseSchema": schema}
        if camel
        else {"response_mime_type": "application/json", "response_json_schema": schema}
    }
    assert json.loads(summarise(body)) == {"said": summarise(request(LONG)), "kept": []}


def test_what_tools_gave_back_is_quoted_only_where_nothing_else_was_said() -> None:
    tool = "[2] call: look_up(code: 4711)\n[3] tool: look_up → price: 9981, pier: 77"
    assert "9981" not in summarise(request(f"[1] user: {FACTS[0]}\n{tool}\n[4] model: {FACTS[1]}"))
    assert "9981" in summarise(request(tool))


@pytest.mark.parametrize("most", range(1, 12))
@pytest.mark.parametrize(
    "text", ["We paid 1 250 500 euros and 77.50 more to 12/14", "一二三四12345678五六七八99九十"]
)
def test_a_number_is_never_cut_in_two(text: str, most: int) -> None:
    found = summarise(request(text * 4, f"Summarise in at most {most} words."))
    assert set(re.findall(r"\d+", found)) <= set(re.findall(r"\d+", text * 4))
    assert not found.endswith(" 1")
    assert not found.endswith(" 1 250")


@pytest.mark.parametrize("facts", [FACTS, FACTS[::-1]])
def test_the_sentences_that_say_most_are_taken_in_their_order(facts: list[str]) -> None:
    text = "\n".join([CHAT[0], facts[0], CHAT[1], CHAT[1] + CHAT[0], facts[1], CHAT[2], CHAT[1] + CHAT[1]])
    found = " ".join(facts)
    assert summarise(request(text, f"Summarise in at most {word_count(found)} words.")) == found


def test_a_sentence_that_was_said_twice_is_taken_once() -> None:
    assert summarise(request("\n".join([FACTS[0], CHAT[0]] * 5))).count("FX-7781") == 1


words = st.sampled_from(["Mia", "Bergen", "42", "the", "ferry", "and", "of", "a", "code", "4711-B"])
sentence = st.lists(words, min_size=3, max_size=9)


@given(st.lists(sentence, min_size=1, max_size=20), st.integers(12, 60))
def test_a_summary_is_no_longer_than_was_asked_for(pieces: list[list[str]], most: int) -> None:
    text = ". ".join(" ".join(piece) for piece in pieces) + "."
    found = summarise(request(text, f"Summarise in at most {most} words."))
    assert 0 < word_count(found) <= most
    assert all(piece.strip(" .") in text for piece in found.split(". "))


@pytest.mark.parametrize(("asked", "most"), [("10 words", 10), ("40 tokens", 30)])
def test_the_length_may_be_asked_for_in_words_or_tokens(asked: str, most: int) -> None:
    found = summarise(request(LONG * 3, f"Summarise in at most {asked}."))
    assert most / 2 < word_count(found) <= most


def test_a_summary_is_shorter_than_its_text_also_where_no_length_is_asked_for() -> None:
    found = summarise(request(LONG, "Summarise."))
    assert word_count(found) < word_count(LONG) / 2


def test_one_endless_sentence_is_cut() -> None:
    found = summarise(request("word " * 500, "Summarise in at most 20 words."))
    assert word_count(found) == 20


def test_chinese_is_summarised_too() -> None:
    text = "今天天气很好。米娅订了去上海的渡轮票4711。好的。我们以后再说吧。嗯嗯好的没问题。那就这样吧。"
    found = summarise(request(text, "Summarise in at most 12 words."))
    assert "4711" in found
    assert word_count(found) <= 12


def test_the_lines_of_a_conversation_lose_their_labels_but_keep_their_breaks() -> None:
    found = summarise(request("[1] user: Code 4711.\\nPier 3.\n[2] model: Noted.", "Summarise."))
    assert found == "Code 4711. Pier 3. Noted."


def test_nothing_gives_nothing() -> None:
    assert summarise(request("")) == ""
