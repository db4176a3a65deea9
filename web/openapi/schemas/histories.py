"""What a conversation holds: messages, chapters, the ledger."""

from __future__ import annotations

from typing import get_args

from backscroll.messages.message import Role
from web.openapi.schemas.forms import listed, nullable, number, one_of, record, text, time, truth
from web.openapi.table import Schema

_ROLES = get_args(Role)

_CHAPTER = {
    "first": number("seq of the first message that it stands for", least=1),
    "last": number("seq of the last one", least=1),
    "tokens_before": number("of the messages"),
    "tokens_after": number("of the chapter"),
    "model": text("the model that wrote it"),
    "prompt": text("version of the instructions that it was written by"),
    "ts": time("when it was written"),
    "level": number("how often it was merged from others"),
    "gate": record(
        "What the gate said of it, and why it refused earlier ones for the same range.",
        verdict=one_of("", "passed"),
        refused_before=listed(text()),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Message": record(
        "One message of the history.",
        seq=number("its place: 1, 2, 3… without gaps", least=1),
        role=one_of("", *_ROLES),
        ts=time("when it was accepted, or complete"),
        text=text("what a person would read"),
        parts=listed("Part"),
        model=nullable(text("the version that answered")),
        usage=nullable("Usage"),
        recovered=truth("said while the history store was down, and merged in later"),
    ),
    "Transcript": record(
        "A page of all that was said, in order.",
        session=text("the session's name"),
        view=one_of("", "transcript"),
        messages=listed("Message"),
        next=nullable(number("pass it as `after` for the next page; null at the end")),
    ),
    "Context": record(
        "What the model is sent, apart from the next message.",
        session=text("the session's name"),
        view=one_of("", "context"),
        tokens=number("as the model counted them at the last turn"),
        chapters=listed("Chapter", "summaries of the oldest messages"),
        ledger=record(
            "Exact values and open tasks out of those messages, verbatim.",
            entries=listed(
                record(
                    seq=number(least=1),
                    role=one_of("", *_ROLES),
                    ts=time(""),
                    values=listed(record(text=text(), kind=text("`name`, `amount`, `date`, …"))),
                )
            ),
            open_tasks=listed(
                record(
                    seq=number(least=1),
                    role=one_of("", *_ROLES),
                    ts=time(""),
                    kind=text("`call`: a tool that was called and has not responded; or a kind of request"),
                    text=text(),
                )
            ),
            dropped=number("values for which there was no room"),
            text=text("all of it as the model is shown it"),
        ),
        messages=listed("Message", "the newest ones, verbatim"),
    ),
    "ChapterHead": record("What a chapter stands for and how it came about.", (), **_CHAPTER),
    "Chapter": record(
        "A chapter with what it says.",
        (),
        **_CHAPTER,
        text=text("what happened"),
        decisions=listed(text()),
        open_tasks=listed(record(task=text(), owner=text("or empty"), due=text("as it was said, or empty"))),
        facts=listed(text()),
    ),
}
