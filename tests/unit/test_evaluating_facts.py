"""Facts are found where they stand by themselves, and a fact that is gone is told."""

from __future__ import annotations

import pytest

from backscroll.evaluating import facts
from backscroll.evaluating.conversations import Conversation, Fact
from backscroll.evaluating.count import Count
from backscroll.evaluating.said import stands
from tests.unit.conversations import messages, said

TALK = Conversation(
    id="talk",
    messages=messages(
        [said("user", "Zoe Quill wants 120 lamps by March 6th."), said("model", "Noted, at 6:30 pm.")],
        [said("user", "And 75 candles."), said("model", "For Bergen, yes.")],
    ),
    facts=(
        Fact(kind="name", text="Zoe Quill", msg=0, key=True),
        Fact(kind="number", text="120", msg=0, key=True),
        Fact(kind="number", text="March 6", msg=0, canonical="2019-03-06"),
        Fact(kind="number", text="6:30 pm", msg=1, key=True, canonical="18:30"),
        Fact(kind="number", text="75", msg=2, key=True, weak=True),
        Fact(kind="name", text="Bergen", msg=3, key=True),
        Fact(kind="task", text="order", msg=3, key=True, status="open"),
    ),
)
ALL = "Zoe Quill: 120 lamps, March 6th, 6:30 pm, Bergen"


@pytest.mark.parametrize(
    ("value", "text", "there"),
    [
        ("120", "exactly 120, he said", True),
        ("120", "exactly 1200, he said", False),
        ("120", "room A120", False),
        ("Ann", "Anna and Joanne", False),
        ("Ann", "Ann's hat", True),
        ("Zoe Quill", "zoe quill", False),
        ("Zoe Quill", "Zoe\n  Quill", True),
        ("$30", "it was $30.", True),
        ("$30", "it was $300.", False),
        ("a+b", "a+b", True),
        ("a.b", "axb", False),
        ("海明威", "他喜欢海明威的书", True),
        ("", "anything", False),
        (" ", "any thing", False),
    ],
)
def test_a_value_stands_by_itself_letter_by_letter(value: str, text: str, there: bool) -> None:
    assert stands(value, text) is there


def test_everything_is_kept_where_everything_stands() -> None:
    found = facts.kept(TALK, ALL)
    assert found.key.name == Count(2, 2)
    assert found.key.number == Count(2, 2)
    assert found.every.both == Count(5, 5)


@pytest.mark.parametrize("gone", ["Zoe Quill", "120", "6:30 pm", "Bergen"])
def test_a_key_fact_that_is_gone_is_lost(gone: str) -> None:
    text = ALL.replace(gone, "somebody, sometime")
    assert [fact.text for fact in facts.lost(facts.searchable(TALK), TALK, text)] == [gone]
    assert facts.kept(TALK, text).key.both == Count(3, 4)


def test_of_an_empty_text_nothing_is_kept() -> None:
    assert facts.kept(TALK, "").every.both == Count(0, 5)


def test_the_canonical_form_is_as_good_as_what_was_said() -> None:
    text = ALL.replace("6:30 pm", "18:30").replace("March 6th", "2019-03-06")
    assert facts.kept(TALK, text).every.both == Count(5, 5)
    assert facts.kept(TALK, text.replace("18:30", "118:300")).key.number == Count(1, 2)


def test_what_was_part_of_a_longer_word_may_be_so_again() -> None:
    held = facts.kept(TALK, "March 6th").every.number
    assert held == Count(1, 3), "March 6 stood there as March 6th only"
    assert facts.kept(TALK, "1200").every.number == Count(0, 3), "120 stood by itself"


def test_only_what_was_said_up_to_the_watermark_is_looked_for() -> None:
    assert facts.kept(TALK, ALL, upto=0).every.both == Count(0, 0)
    assert facts.kept(TALK, ALL, upto=1).every.both == Count(3, 3)
    assert facts.kept(TALK, ALL, upto=2).every.both == Count(4, 4)
    assert facts.kept(TALK, "", upto=4).key.both == Count(0, 4)


def test_weak_facts_and_tasks_are_not_looked_for() -> None:
    assert {fact.text for fact in facts.searchable(TALK)} == {
        "Zoe Quill", "120", "March 6", "6:30 pm", "Bergen",
    }  # fmt: skip


def test_scores_add_up() -> None:
    once, other = facts.kept(TALK, ALL), facts.kept(TALK, "")
    assert facts.added([once, other]).every.both == Count(5, 10)
    assert facts.added([]).key.both.share is None
