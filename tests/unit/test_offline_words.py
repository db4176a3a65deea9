"""Sentences, words and their weight, as the offline model sees them, in several scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.offline.words import rarity, sentences, terms, word_count


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("A line\nand another\n\n\nand a third", ["A line", "and another", "and a third"]),
        ("It costs 42.50 at v1.2.3. Done.", ["It costs 42.50 at v1.2.3.", "Done."]),
        ("今天很冷。你好吗\uff1f很好\uff01再见", ["今天很冷。", "你好吗\uff1f", "很好\uff01", "再见"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut


@given(st.text())
def test_sentences_hold_every_letter_of_the_text_in_order(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Ferry, the ferry!", {"the", "ferry"}),
        ("code 4711-B at 10:30", {"code", "4711-b", "at", "10:30"}),
        ("mail mia@example.org, don't call", {"mail", "mia@example.org", "don't", "call"}),
        ("Größe ÉTÉ", {"größe", "été"}),
        ("上海天气", {"上海", "海天", "天气"}),
        ("冷", {"冷"}),
        ("… — !", set()),
    ],
)
def test_terms_are_words_or_pairs_of_characters_where_there_are_no_spaces(text: str, found: set[str]) -> None:
    assert terms(text) == found


def test_a_name_is_found_again_inside_a_chinese_sentence() -> None:
    assert terms("上海") <= terms("我们明天去上海看朋友")


def test_what_stands_in_fewer_texts_weighs_more() -> None:
    weights = rarity([{"the", "ferry"}, {"the", "herring"}, {"the", "ferry"}])
    assert weights["herring"] > weights["ferry"] > weights["the"] > 0


@pytest.mark.parametrize(
    ("text", "count"),
    [("one two  three", 3), ("", 0), ("今天很冷", 2), ("今天很", 2), ("buy 上海 tickets", 3), ("42,50 €", 2)],
)
def test_two_characters_count_as_a_word_where_words_stand_together(text: str, count: int) -> None:
    assert word_count(text) == count
