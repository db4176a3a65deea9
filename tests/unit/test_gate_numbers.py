"""A summary may write a number in another way; one that nobody said is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.compaction.numbers import wrong_number
from backscroll.compaction.source import Source, of_chapters, of_messages
from backscroll.messages.chapter import Chapter
from backscroll.messages.part import Other
from tests.unit.conversations import call, messages, response, said


def wrong(stated: str, *spoken: str) -> bool:
    return wrong_number([stated], Source(spoken=spoken, tokens=1000))


SAME = [
    ("It costs 1250 euros.", "It costs €1,250.00."),
    ("It costs 1,250.50.", "Das kostet 1.250,50 €."),
    ("1 250 euros", "1250 euros"),
    ("1'250 Franken", "1250.- Franken"),
    ("42.5 percent", "42,50 %"),
    ("room 7", "room 007"),
    ("4 stars", "４ stars"),
    ("4 stars", "rated 4.0"),
    ("٤٢ و 7", "42 and 7"),
    ("at 18:30", "at 6:30 pm"),
    ("at 18:30", "at 6:30 p.m."),
    ("at 6:30 pm", "um 18.30 Uhr"),
    ("at 6:30 pm", "à 18h30"),
    ("at 18:30", "下午6点30分"),
    ("at 6 pm", "at 18:00"),
    ("at 18:00", "at 6 pm"),
    ("at 5:00 pm", "at 5 in the afternoon"),
    ("at 14:30", "half past 2 in the afternoon"),
    ("um 14:30", "um halb drei"),
    ("at 2:45 pm", "at a quarter to three"),
    ("on 2019-03-09", "on March 9th, 2019"),
    ("on 9/3/2019", "on 2019-03-09"),
    ("on 09.03.2019", "am 9. März 2019"),
    ("on 3/9/19", "on 2019-03-09"),
    ("on March 9", "on 2019-03-09"),
    ("9 марта", "2019-03-09"),
    ("on the 21st", "on 21 May"),
    ("call 6505551234", "call (650) 555-1234"),
    ("call 650-555-1234", "call 6505551234"),
    ("1.5 million people", "1,500,000 people"),
    ("15000 people", "15k people"),
    ("20000 元", "2万元"),
    ("2 tickets", "Two tickets, please."),
    ("21 days", "twenty-one days"),
    ("the 3rd floor", "the third floor"),
    ("20 Gäste", "zwanzig Gäste kommen zu uns und essen dann Kuchen"),
    ("3 человека", "нас будет трое, мы придём завтра вечером"),
    ("с 2 детьми", "мы придём завтра вечером с двумя детьми"),
    ("3 张票", "我想订三张明天晚上的票"),
    ("2 张票", "我想订两张明天晚上的票"),
    ("23 人", "一共有二十三个人"),
    ("3 billets", "je voudrais trois billets pour demain soir"),
    ("1 ticket", "a ticket"),
    ("version 3.4.1", "google-genai 3.4.1"),
    ("FX-7781", "FX-7781"),
    ("500 m²", "500 square metres"),
    ("1. Mia pays.\n2. Tom waits.", "Mia pays and Tom waits."),
    ("no number at all", ""),
]


@pytest.mark.parametrize(("stated", "said"), SAME)
def test_a_number_that_is_written_otherwise_was_said(stated: str, said: str) -> None:
    assert not wrong(stated, said)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("It costs 1350 euros.", "It costs €1,250.00."),
        ("42 euros", "42,50 euros"),
        ("at 6:30 am", "at 18:30"),
        ("at 18:45", "at 6:30 pm"),
        ("at 3:30 pm", "at 3 pm"),
        ("on 2019-04-09", "on March 9th, 2019"),
        ("on March 10", "on 2019-03-09"),
        ("5 tickets", "four tickets, please"),
        ("4 张票", "我想订三张明天晚上的票"),
        ("3 人", "一共有二十三个人"),
        ("FX-7782", "FX-7781"),
        ("call 650-555-1235", "call (650) 555-1234"),
        ("2.5 million", "1,500,000 people"),
        ("7", ""),
    ],
)
def test_a_number_that_nobody_said_is_refused(stated: str, said: str) -> None:
    assert wrong(stated, said)


numbers = st.decimals(min_value=0, max_value=10**9, places=2) | st.integers(0, 10**12)


@given(
    st.lists(numbers, min_size=1, max_size=8),
    st.integers(0, 7),
    st.sampled_from(["{:,}", "{}", "€{}", "{}%"]),
)
def test_every_number_of_a_conversation_may_be_quoted(values: list[float], which: int, form: str) -> None:
    spoken = [f"It was {value} then." for value in values]
    assert not wrong(form.format(values[which % len(values)]), *spoken)


@given(st.integers(1000, 10**9), st.integers(1000, 10**9))
def test_another_number_may_not(said: int, stated: int) -> None:
    if str(stated) not in str(said):
        assert wrong(f"It was {stated}.", f"It was {said}.") == (said != stated)


def test_what_tools_were_given_and_gave_back_was_said() -> None:
    asked = Other(
        {"type": "function_call", "function_call": {"name": "pay", "args": {"sum": [{"eur": 99.5}]}}}
    )
    source = of_messages(messages([said("model", call(), asked), said("user", response())]))
    assert not wrong_number(["7 degrees, 99.50 euros"], source)
    assert wrong_number(["8 degrees"], source)


@pytest.mark.parametrize("stated", ["7" * 5000, "1 " * 3000, "1-" * 3000, "1.000" * 2000])
def test_no_heap_of_digits_is_too_much_to_judge(stated: str) -> None:
    assert wrong(stated + " 8", "We paid 9.")
    assert not wrong(stated, stated)


def test_media_say_no_numbers() -> None:
    image = Other({"type": "inline_data", "inlineData": {"mimeType": "image/png", "data": "4711"}})
    elsewhere = Other(
        {"type": "inline_data", "inlineData": {"mimeType": "a/b", "sha256": "4711", "size": 4711}}
    )
    for part in (image, elsewhere):
        assert wrong_number(["4711"], of_messages(messages([said("user", part)])))


def test_the_day_of_the_conversation_counts_as_said() -> None:
    source = Source(spoken=("see you tomorrow",), days=frozenset({date(2026, 5, 17)}), tokens=100)
    assert not wrong_number(["On 17 May 2026, 2026-05-17."], source)
    assert wrong_number(["On 19 May 2026."], source)
    (message,) = messages([said("user", "today")])
    assert not wrong_number(["2023-11-14"], of_messages([message]))


def test_a_merged_chapter_may_state_what_the_chapters_stated() -> None:
    chapter = Chapter(
        first=1, last=2, text="Mia paid 40.", facts=("FX-7781",), model="m", prompt="2", ts=0,
        tokens_before=100, tokens_after=10,
    )  # fmt: skip
    assert not wrong_number(["FX-7781 cost 40."], of_chapters([chapter]))
    assert wrong_number(["FX-7781 cost 41."], of_chapters([chapter]))


def test_each_thing_that_a_summary_says_is_checked() -> None:
    source = Source(spoken=("Mia paid 40.",), tokens=100)
    assert not wrong_number(["Mia paid.", "40"], source)
    assert wrong_number(["Mia paid.", "40", "41"], source)
