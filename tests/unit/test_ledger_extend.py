"""What the ledger takes from covered messages, in which order, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.ledger.extend import extend
from backscroll.ledger.ledger import Ledger, decode_ledger, encode_ledger
from backscroll.ledger.rendering import render
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part, Text
from tests.unit.conversations import messages, said


def talk(*texts: str) -> tuple[Message, ...]:
    """What user and model say in turn, the user first."""
    return messages([said("model" if number % 2 else "user", text) for number, text in enumerate(texts)])


def listed(ledger: Ledger) -> list[tuple[int, str, str]]:
    return [(entry.seq, entry.role, value.text) for entry in ledger.said for value in entry.values]


def call(name: str, **args: Any) -> Other:
    return Other({"type": "function_call", "functionCall": {"name": name, "args": args}})


def response(name: str, result: Any) -> Other:
    return Other({"type": "function_response", "functionResponse": {"name": name, "response": result}})


def test_an_entry_says_who_said_it_and_when() -> None:
    history = talk("I live in Bergen.", "The ferry leaves at 6:30 pm.")
    ledger = extend(Ledger(), history)
    assert listed(ledger) == [(1, "user", "Bergen"), (2, "model", "6:30 pm")]
    assert [entry.ts for entry in ledger.said] == [message.ts for message in history]


def test_a_value_that_is_said_again_stands_once() -> None:
    ledger = extend(Ledger(), talk("I live in Bergen.", "I know Bergen.", "Bergen is fine."))
    assert listed(ledger) == [(1, "user", "Bergen")]


def test_a_value_that_stands_in_a_longer_one_needs_no_entry_of_its_own() -> None:
    ledger = extend(Ledger(), talk("to Main Street", "You mean 12 Main Street in Leeds."))
    assert [text for _, _, text in listed(ledger)] == ["12 Main Street", "Leeds"]


def test_a_correction_keeps_both_values_in_their_order() -> None:
    ledger = extend(Ledger(), talk("A table for 4 people.", "Fine.", "Make it 5 people, not 4 people."))
    assert listed(ledger) == [(1, "user", "4 people"), (3, "user", "5 people")]


def test_a_value_that_is_put_back_in_place_counts_as_said_last() -> None:
    said_so = ("On March 9th.", "Good.", "Actually March 10th.", "Good.", "No, sorry, March 9th after all.")
    ledger = extend(Ledger(), talk(*said_so))
    assert listed(ledger) == [(3, "user", "March 10th"), (5, "user", "March 9th")]


def test_f15_arguments_of_calls_are_carried_exactly() -> None:
    history = messages(
        [
            said("user", "book it"),
            said("model", call("book", flight="HAT136", seats=2, path="/srv/data/a.csv", insured=False)),
            said("user", response("book", {"reservation": {"id": "ZX81QL"}, "ok": True})),
            said("model", "It is booked."),
        ]
    )
    text = render(extend(Ledger(), history))
    for value in ("HAT136", "/srv/data/a.csv", "ZX81QL", "2", "false"):
        assert value in text


def test_f09_a_pending_confirmation_is_carried_as_it_was_put() -> None:
    # google/adk-python #4740: a pending confirmation was compacted away
    asked = "Please confirm: a transfer of $250 to Ada Byron."
    ledger = extend(Ledger(), talk("Send Ada money.", asked, "What is the weather like?", "It rains."))
    assert [(pending.seq, pending.text) for pending in ledger.open] == [(2, asked)]
    assert f"open 2: {asked}" in render(ledger)


@pytest.mark.parametrize(
    "answer", ["Yes.", "That's right, thanks.", "No, leave it.", "Nothing, that's all. Bye!", "是的"]
)
def test_a_request_that_was_answered_is_not_open(answer: str) -> None:
    asked = "Please confirm: a transfer of $250 to Ada Byron."
    assert extend(Ledger(), talk("Send Ada money.", asked, answer, "Fine.")).open == ()


def test_what_both_agreed_to_is_carried_as_it_was_put() -> None:
    ledger = extend(
        Ledger(),
        talk("a table", "You'd like a table for 2 at Le Petit at 7 pm, correct?", "Yes.", "It is booked."),
    )
    assert listed(ledger) == [(2, "model", "table for 2 at Le Petit at 7 pm")]
    assert "*table for 2 at Le Petit at 7 pm" in render(ledger)


@pytest.mark.parametrize(
    "answer",
    [
        "Please don't book it.",
        "That would be too late for us.",
        "Ok, no, forget it",
        "Yes, but for 5 people at 8 pm",
        "Fine but cancel it",
        "Good question, I don't know yet.",
        "Claro que no",
        "好像不对",
        "예약하지 마세요",
    ],
)
def test_an_answer_with_a_but_agrees_to_nothing(answer: str) -> None:
    ledger = extend(Ledger(), talk("dinner", "Shall I book the Ritz for 4 people at 7 pm?", answer, "I see."))
    assert not any(value.kind == "agreed" for entry in ledger.said for value in entry.values)


def test_what_somebody_does_not_want_any_more_does_not_stand_last() -> None:
    history = talk("A table for Thursday please.", "Fine.", "Make it Friday, not Thursday.")
    assert listed(extend(Ledger(), history)) == [(1, "user", "Thursday"), (3, "user", "Friday")]


def test_a_count_is_not_taken_for_the_time_that_has_the_same_digit() -> None:
    history = talk("Table for 4 at 5 pm.", "Done.", "Actually make it 5.")
    assert [text for _, _, text in listed(extend(Ledger(), history))] == ["4", "5 pm", "5"]


def test_a_request_that_is_too_long_loses_its_beginning_and_no_half_number_begins_it() -> None:
    asked = "Shall I pay " + "$1234567 and then some more of it " * 12 + "now?"
    (pending,) = extend(Ledger(), talk("pay", asked)).open
    assert pending.text.startswith("…")
    assert all(word in asked.split() for word in pending.text.lstrip("…").split())


def test_a_call_that_is_too_long_to_be_shown_has_whole_values_only() -> None:
    history = messages(
        [
            said("user", "pay"),
            said("model", call("pay", memo="x" * 90, more="y" * 90, and_="z" * 90, amount=1234567)),
        ]
    )
    (pending,) = extend(Ledger(), history).open
    assert pending.text.endswith("…)")
    assert "12345" not in pending.text.replace("1234567", "")


def test_a_table_that_a_tool_returned_is_thinned_and_counted() -> None:
    rows = [{"name": f"Row Number {n}", "id": f"R-{n}", "addr": f"{n} Long Lane"} for n in range(2000)]
    history = messages(
        [
            said("user", "look"),
            said("model", call("look")),
            said("user", response("look", rows)),
            said("model", "ok"),
        ]
    )
    ledger = extend(Ledger(), history)
    assert sum(len(entry.values) for entry in ledger.said) <= 800
    assert ledger.dropped >= 5000


def test_a_request_that_is_asked_anew_with_other_values_is_one_request() -> None:
    history = talk(
        "seats", "3 seats in Oslo, is that right?", "Make it 2.", "2 seats in Oslo, is that right?"
    )
    assert [pending.seq for pending in extend(Ledger(), history).open] == [4]


def test_f32_a_call_without_its_response_stays_open_until_it_comes() -> None:
    # QwenLM/qwen-code PR #4599: an interrupted tool call wedged the session
    history = messages([said("user", "book it"), said("model", call("book", flight="HAT136"))])
    ledger = extend(Ledger(), history)
    assert [pending.text for pending in ledger.open] == ["book(flight=HAT136)"]
    answered = messages([said("user", response("book", "ok")), said("model", "There you are.")], first=3)
    assert extend(ledger, answered).open == ()


def test_what_a_message_behind_the_covered_ones_answers_is_not_open_and_is_agreed_once_it_is_covered() -> (
    None
):
    history = talk("a cab", "A cab to Quay 4 at 9 am, correct?", "Yes.", "It comes.")
    first = extend(Ledger(), history[:2], behind=history[2:])
    assert first.open == ()
    then = extend(decode_ledger(encode_ledger(first)), history[2:])
    assert (2, "model", "cab to Quay 4 at 9 am") in listed(then)


def test_a_conversation_without_open_ends_leaves_nothing_open() -> None:
    history = talk(
        "Hello", "Can I help you?", "Where is Oslo?", "In Norway. Anything else?", "No, thank you.", "Bye!"
    )
    assert extend(Ledger(), history).open == ()


words = st.sampled_from(
    [
        "yes",
        "no",
        "Bergen",
        "Oslo",
        "March",
        "9th",
        "6:30",
        "pm",
        "250",
        "$12",
        "tickets",
        "book",
        "please",
        "confirm",
        "correct?",
        "HAT136",
        "is",
        "it",
        "the",
        "a",
    ]
)
texts = st.lists(words, min_size=1, max_size=12).map(" ".join) | st.text(min_size=1, max_size=60)


@given(st.lists(texts, max_size=12))
def test_the_ledger_never_invents(said_so: list[str]) -> None:
    history = talk(*said_so)
    by_seq = {message.seq: message.text for message in history}
    ledger = extend(Ledger(), history)
    for seq, _, text in listed(ledger):
        for piece in text.split("…"):
            assert all(word in by_seq[seq] for word in piece.split())
    for pending in ledger.pending:
        assert pending.text in by_seq[pending.seq]


@given(st.lists(texts, max_size=12), st.integers(0, 12))
def test_entries_stand_in_order_however_the_messages_were_covered(said_so: list[str], cut: int) -> None:
    history = talk(*said_so)
    ledger = extend(extend(Ledger(), history[:cut], behind=history[cut:]), history[cut:])
    seqs = [entry.seq for entry in ledger.said]
    assert seqs == sorted(set(seqs))
    assert decode_ledger(encode_ledger(ledger)) == ledger


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json)
def test_whatever_a_tool_returns_can_be_read(data: Any) -> None:
    history = messages(
        [said("user", "go"), said("model", call("f")), said("user", response("f", data)), said("model", "ok")]
    )
    for _, _, text in listed(extend(Ledger(), history)):
        assert 0 < len(text) <= 100


def test_thoughts_and_media_bring_nothing_in() -> None:
    parts: tuple[Part, ...] = (
        Text("Think of Bergen", thought=True),
        Other({"type": "inline_data", "inlineData": {"data": "QUJD"}}),
        Other({"type": "inline_data", "inlineData": {"mimeType": "a/b", "sha256": "4711-B", "size": 4711}}),
    )
    assert extend(Ledger(), messages([said("user", "hello"), said("model", *parts)])).said == ()
