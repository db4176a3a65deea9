"""What finds the phrases of a table in a text."""

from __future__ import annotations

import pytest

from backscroll.ledger.vocabulary import cues, likely_language, phrases, plain

TABLES = ("confirm", "confirmed", "correction", "outcome", "thanks")


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("table", TABLES)
def test_each_phrase_is_found_where_a_word_begins_and_not_within_one(table: str, whole: bool) -> None:
    found = cues(table, whole=whole)
    for phrase in map(plain, phrases(table)):
        assert found.search(phrase), phrase
        assert found.search(f"4, {phrase}. 4"), phrase
        if phrase[0].isascii() and phrase[0].isalpha():
            within = found.search(f"4, 4{phrase} 4")
            assert within is None or within.start() > 4, phrase


def test_a_stem_is_found_in_a_longer_word_and_a_whole_phrase_is_not() -> None:
    stem = next(plain(each) for each in phrases("outcome") if each.isascii() and each.isalpha())
    assert cues("outcome").search(stem + "xyz")
    assert not cues("outcome", whole=True).search(stem + "xyz")


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("the cat and the dog", "en"),
        ("der Hund und die Katze", "de"),
        ("", "en"),
        ("le chat et les chiens", "fr"),
    ],
)
def test_the_likely_language_is_that_of_most_stop_words(said: str, language: str) -> None:
    assert likely_language(said.lower().split()) == language
