"""The gate: what may become a chapter, and what must not."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from backscroll.compaction.gate import refusal
from backscroll.compaction.source import Source
from backscroll.compaction.summary import combine, read_summary
from backscroll.messages.message import Usage
from backscroll.messages.part import Text, spoken
from backscroll.model.port import Answer


def gate(
    text: str, *, finish: Literal["stop", "cut_off"] = "stop", before: int = 1000, said: str = ""
) -> str | None:
    """Judge `text`, as it stands and as a summary in the form that is asked for: the same must come out."""
    written = json.dumps({"what_happened": text})
    source = Source(spoken=(said or text[len(text) // 2 :],), tokens=before)
    plain, structured = (
        refusal([Answer(parts=(Text(each),), usage=Usage(), model="m", finish=finish)], summary, source)
        for each, summary in ((text, None), (written, read_summary(written)))
    )
    assert plain == structured or (plain == "not_structured" and structured in (None, "not_smaller"))
    return structured


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "NONE",
        "None.",
        "n/a",
        "N/A",
        "null",
        "Nothing to report.",
        "nothing to summarize",
        "Nothing to summarise!",
        "No summary",
        "No summary available.",
        "\nNONE\n",
        "**None**",
        '"NONE"',
        "(empty)",
        "Summary: none",
        "There is nothing to summarize.",
        "No content.",
        "无",
    ],
)
def test_f06_an_empty_summary_is_refused_whatever_it_calls_itself(text: str) -> None:
    # Elsewhere such a summary replaced the history.
    assert gate(text) == "empty"


@pytest.mark.parametrize(
    "text",
    [
        "Error generating summary: 503",
        "Error creating the summary",
        "Error: the model is overloaded",
        "error: quota exceeded",
        "Exception: ConnectionResetError",
        "Traceback (most recent call last):\n  File …",
        '{"error": {"code": 429, "message": "quota"}}',
        '{ "error" : "overloaded"}',
        "<!DOCTYPE html><html><head><title>502</title>",
        "<html><body>Bad Gateway</body></html>",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "HTTP 429 Too Many Requests",
        "  500 Internal Server Error",
        "500",
        "HTTP 503",
        "Error",
        "API error 500",
        "Internal Server Error",
        "Failed to generate summary",
        "Rate limit exceeded",
        "An error occurred while summarising.",
    ],
)
def test_f07_the_text_of_an_error_is_refused(text: str) -> None:
    # Elsewhere the error text of a failed summary became the history.
    assert gate(text) == "error_text"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot summarise this conversation.",
        "As an AI language model, I am unable to do this.",
        "I'm unable to generate a summary",
    ],
)
def test_a_model_that_declines_has_written_no_summary(text: str) -> None:
    assert gate(text) == "model_refusal"


def test_a_long_summary_is_not_judged_by_how_it_begins() -> None:
    rest = " Then Tom and Ana spoke of the harbour, the ferries and the price of herring." * 3
    for beginning in ("Error: that is what Mia saw.", "500: so many came.", "Sorry, said Tom, and paid."):
        assert gate(beginning + rest, said="so many: 500") is None


def test_a_summary_that_was_cut_off_is_refused() -> None:
    assert gate("Mia booked two seats on the", finish="cut_off") == "cut_off"


@pytest.mark.parametrize("before", [1, 5, 6])
def test_f13_a_summary_that_is_not_smaller_is_refused(before: int) -> None:
    # Elsewhere the summary was larger than what it replaced.
    assert gate("Mia booked two seats.", before=before) == "not_smaller"
    assert gate("Mia booked two seats.", before=7) is None


def test_what_begins_as_somebody_in_the_conversation_did_is_a_quotation() -> None:
    said = "Sorry, the ferry is full. Error 7 came up."
    written = json.dumps({"what_happened": "Sorry, the ferry is full."})
    answer = Answer(parts=(Text(written),), usage=Usage(), model="m", finish="stop")
    assert refusal([answer], read_summary(written), Source(spoken=(said,), tokens=1000)) is None
    assert refusal([answer], read_summary(written), Source(spoken=("Hi.",), tokens=1000)) == "model_refusal"


def test_one_part_that_cannot_be_used_is_enough_for_a_refusal() -> None:
    source = Source(spoken=("Mia booked.",), tokens=1000)
    good = '{"what_happened": "Mia booked."}'
    for bad, finish, reason in (
        ("", "stop", "empty"),
        ("Error 503", "stop", "error_text"),
        ("so they went", "stop", "not_structured"),
        (good, "cut_off", "cut_off"),
    ):
        answers = [
            Answer(parts=(Text(text),), usage=Usage(), model="m", finish=how)
            for text, how in ((good, "stop"), (bad, finish))
        ]
        summary = combine([read_summary(spoken(answer.parts)) for answer in answers])
        assert refusal(answers, summary, source) == reason


@pytest.mark.parametrize(
    "text",
    [
        "Mia booked two seats on the ferry (FX-7781) for 42,50 €.",
        "Error rates were discussed: they fell from 4 % to 0.3 % after the roll-back.",
        "Errors in invoice 4711 were found by Tom, who corrects them by Friday.",
        "Exceptions to the refund policy were agreed for Mia Li.",
        "Traceback analysis was postponed until Monday.",
        "None of the three offers was accepted; Tom asks for a fourth.",
        "Nothing to report came from QA, so the release was set for 3 May.",
        "No summary of the meeting was written, and Ana will write one.",
        "N/A stands for the missing fields in the sheet, as Ana explained.",
        "404 pages were redesigned, and 503 tickets closed.",
        "500 internal users were invited, and 450 bad apples were returned.",
        "404 not found was what Mia saw.",
        "Error generating invoices was the topic.",
        "500 euros were paid to the landlord on 3 May.",
        "The gateway answered 502 Bad Gateway, and Tom restarted it.",
        'The log shows {"error": "overloaded"} since 9:40.',
        "米娅订了两张渡轮票 (FX-7781)。",
    ],
)
def test_a_summary_of_what_was_said_passes_also_where_that_was_about_errors(text: str) -> None:
    assert gate(text, said=text + " So it was.") is None
