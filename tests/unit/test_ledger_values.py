"""Which exact values a text holds, and how far each reaches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.ledger.values import values


def found(text: str, language: str = "en") -> list[str]:
    return [each.text for each in values(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call +33 1 84 82 49 09 or 415-454-6450.", ["+33 1 84 82 49 09", "415-454-6450"]),
        ("my mail is jo.do+x@mail.example.org", ["jo.do+x@mail.example.org"]),
        ("see https://example.org/a?b=1#c, then ask", ["https://example.org/a?b=1#c"]),
        ("open src/app/main.py and /etc/hosts", ["src/app/main.py", "/etc/hosts"]),
        ("edit settings.toml please", ["settings.toml"]),
        ("the order is AB-1234 for user mia_li_3668", ["AB-1234", "mia_li_3668"]),
        ("it costs $4,400,000 or 12.50 €", ["$4,400,000", "12.50 €"]),
        ("we meet on 2026-03-09 or 9.3.2026", ["2026-03-09", "9.3.2026"]),
        ("from 24/12/2026 to 3-1-27, call 12-34-567", ["24/12/2026", "3-1-27", "12-34-567"]),
        ("on the 9th, not on March 10th", ["the 9th", "March 10th"]),
        ("from the 6th of this month on", ["the 6th of this month"]),
        ("at half past 2 in the afternoon", ["half past 2 in the afternoon"]),
        ("between 2 to 4 weeks", ["2", "4 weeks"]),
        ("at 9 o'clock in the morning", ["9 o'clock in the morning"]),
        ("at 6:30 pm, or evening 7", ["6:30 pm", "evening 7"]),
        ("next Wednesday works", ["next Wednesday"]),
        ("Friday next week would do", ["Friday next week"]),
        ("is tomorrow fine", ["tomorrow"]),
        ("I want 2 tickets", ["2 tickets"]),
        ("a visit to the Museum of Modern Art in Oslo", ["Museum of Modern Art", "Oslo"]),
        ("I like The Sound of Music", ["The Sound of Music"]),
        ("it is at 1532 20th Street", ["1532 20th Street"]),
        ("at 12 Long Lane # 4, Leeds, England", ["12 Long Lane # 4, Leeds, England"]),
        ("ask Dr. Jane A. Doe about it", ["Dr. Jane A. Doe"]),
        ('the book "A Room with a View" is hers', ['"A Room with a View"']),
        ("fly to JFK. Then rest", ["JFK"]),
    ],
)
def test_a_value_is_taken_as_far_as_it_reaches(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Sure. That would be nice. Thanks!",
        "I'm not sure what I want, but I'd like some help.",
        "How about we talk? Could you tell me more?",
        "1. first\n2. second\n3) third",
        "",
    ],
)
def test_plain_talk_holds_no_value(text: str) -> None:
    assert found(text) == []


def test_a_capital_at_a_sentences_beginning_counts_where_the_word_is_a_name_elsewhere() -> None:
    assert found("Starboy is an album. I like Starboy.") == ["Starboy", "Starboy"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Wir treffen uns am 3. März um halb 5 in Köln.", ["3. März", "halb 5", "Köln"]),
        ("fr", "Le train part de Lyon à 14h30 le 3 mars", ["Lyon", "14h30", "3 mars"]),
        ("es", "Nos vemos el 4 de mayo a las 9 de la mañana", ["4 de mayo", "9 de la mañana"]),
        ("ru", "Встретимся 5 марта в Казани", ["Встретимся 5 марта", "Казани"]),
        ("en", "我们3月9日下午2点半见,共200元,看《三体》", ["3月9日", "下午2点半", "200元", "《三体》"]),
    ],
)
def test_the_rules_serve_other_languages(language: str, text: str, expected: list[str]) -> None:
    assert found(text, language) == expected


@given(st.text(max_size=400))
def test_a_value_is_a_stretch_of_its_text_and_no_two_overlap(text: str) -> None:
    end = 0
    for each in values(text, "en"):
        assert text[each.start : each.end] == each.text
        assert each.start >= end
        end = each.end


@pytest.mark.parametrize(
    "piece",
    ["1-", "12 ", "/a", "a.b", "Ab ", "$1,", "(12) ", '"a', "Abc, ", "+1 (22) ", "_", "-", "a_", "a-"],
)
@pytest.mark.timeout(20)
def test_no_text_takes_for_ever(piece: str) -> None:
    values(piece * (40_000 // len(piece)), "en")


@pytest.mark.parametrize("date", ["24.12.2026", "24/12/2026", "24-12-26", "2026-12-24"])
def test_a_date_in_figures_is_one(date: str) -> None:
    assert [value.kind for value in values(f"we leave on {date} then", "en")] == ["date"]
