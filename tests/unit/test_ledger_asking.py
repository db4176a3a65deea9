"""What is heard as a request, as assent, as refusal."""

from __future__ import annotations

import pytest

from backscroll.ledger import asking


@pytest.mark.parametrize(
    "text",
    [
        "Yes, please.",
        "yep",
        "That's right.",
        "That’s correct, thanks",
        "Sounds good to me!",
        "Sure. Do they have a garden?",
        "Ja, genau.",
        "Oui, c'est bon",
        "Sí, por favor",
        "是的，谢谢",
        "好的",
        "はい、お願いします",
        "да, верно",
    ],
)
def test_assent_is_heard(text: str) -> None:
    assert asking.assents(text)
    assert not asking.denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "No, make it 5.",
        "Not now.",
        "Wait, which one?",
        "Nein, lieber morgen",
        "Non merci",
        "不，改成明天",
        "нет",
    ],
)
def test_refusal_is_heard(text: str) -> None:
    assert asking.denies(text)
    assert not asking.assents(text)


@pytest.mark.parametrize(
    "text", ["What time does it open?", "I live in Oslo.", "", "wie spät ist es?", "它几点开门"]
)
def test_what_neither_agrees_nor_refuses_is_neither(text: str) -> None:
    assert not asking.assents(text)
    assert not asking.denies(text)


@pytest.mark.parametrize(
    "text",
    [
        "Please confirm: a table for 2 at Le Petit at 7 pm.",
        "You want 3 seats on Friday, is that right?",
        "Shall I book it?",
        "Bitte bestätigen Sie die Buchung.",
        "Voulez-vous que je réserve ?",
        "请确认订单。",
    ],
)
def test_a_request_for_a_decision_is_heard(text: str) -> None:
    assert asking.asks_to_confirm(text)


def test_a_request_is_quoted_in_whole_sentences_from_its_end() -> None:
    text = "Here is what I found. " * 30 + "You leave Bergen at 9 am. Is that correct?"
    quoted = asking.quote(text)
    assert quoted.endswith("You leave Bergen at 9 am. Is that correct?")
    assert quoted.startswith("Here is")
    assert quoted in text


def test_words_that_say_nothing_are_left_out_of_a_quotation_and_what_is_left_out_is_marked() -> None:
    text = (
        "Please confirm that you want to book a table at Le Petit and that you are bringing the dog, right?"
    )
    quoted = asking.telling(text, "en")
    assert quoted == "book a table at Le Petit…bringing the dog"
    assert all(piece in text for piece in quoted.split("…"))


@pytest.mark.parametrize(
    "text", ["a car with no insurance", "I don't need insurance", "two seats", "das ist nie gut"]
)
def test_a_quotation_never_says_the_opposite_of_its_text(text: str) -> None:
    weighty = {"no", "don't", "two", "nie"} & set(text.split())
    assert all(
        word in asking.telling(text, "de" if "nie" in weighty else "en").split("…")[0] for word in weighty
    )
