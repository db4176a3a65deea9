"""What earlier versions stored, byte for byte as they stored it, loads for ever."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from backscroll.ledger.ledger import Ledger, Pending, Said, Value, decode_ledger, encode_ledger
from backscroll.messages.archive import unpack
from backscroll.messages.chapter import Chapter, OpenTask, decode_chapter, encode_chapter
from backscroll.messages.codec import decode, encode
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Other, Text

STORED = Path(__file__).parent / "stored"

TEXT = Message(
    seq=1,
    role="user",
    ts=1_767_225_600_000,
    parts=(Text("Was kostet die Fähre nach 上海? 🛳"), Text("")),
)
THOUGHT = Message(
    seq=2,
    role="model",
    ts=1_767_225_601_500,
    parts=(
        Text("They ask for a price.", thought=True),
        Text("It costs 42,50 €."),
        Text("", signature="//79+w=="),
    ),
    model="gemini-3.5-flash",
    usage=Usage(prompt_tokens=120, output_tokens=9, thought_tokens=31, total_tokens=160),
)
CALL = Message(
    seq=4,
    role="model",
    ts=1_767_225_603_000,
    parts=(
        Other(
            {
                "type": "function_call",
                "functionCall": {"name": "book_ferry", "args": {"seats": 2, "price": 42.5}},
                "thoughtSignature": "c2lnbmVk",
            }
        ),
    ),
    model="gemini-3.5-flash",
)
RESPONSE = Message(
    seq=5,
    role="user",
    ts=1_767_225_604_000,
    parts=(
        Other(
            {
                "type": "function_response",
                "functionResponse": {"name": "book_ferry", "response": {"booking": "FX-7781", "open": None}},
            }
        ),
    ),
)
UNKNOWN = Message(
    seq=6,
    role="model",
    ts=1_767_225_605_000,
    parts=(
        Other({"type": "hologram", "of": [1, 2.5, {"deep": True}]}),
        Other({"nameless": "part"}),
        Text("Look.", extra={"tone": "calm"}),
    ),
    model="gemini-9",
)
NEWER = Message(
    seq=8,
    role="model",
    ts=1_767_225_607_000,
    parts=(Text("Booked."),),
    model="gemini-9",
    extra={"v": 3, "mood": {"certain": 0.9}, "reactions": ["👍"]},
)
RECOVERED = Message(
    seq=6,
    role="model",
    ts=1_767_225_606_000,
    parts=(Text("Die Fähre kostet 42,50 €."),),
    model="gemini-3.5-flash",
    recovered=True,
)
EVERY_FIELD = Message(
    seq=9,
    role="model",
    ts=1_767_225_608_000,
    parts=(Text("Gebucht: FX-7781."),),
    model="gemini-3.5-flash-001",
    asked="gemini-3.5-flash",
    usage=Usage(prompt_tokens=120, output_tokens=9, thought_tokens=31, cached_tokens=64, total_tokens=175),
    recovered=True,
    extra={"mood": "calm"},
)
MESSAGES = {
    "message-v1-text.json": TEXT,
    "message-v1-thought-and-signature.json": THOUGHT,
    "message-v1-function-call.json": CALL,
    "message-v1-function-response.json": RESPONSE,
    "message-v1-unknown-part.json": UNKNOWN,
    "message-v1-recovered.json": RECOVERED,
    "message-v2-text.json": TEXT,
    "message-v2-thought-and-signature.json": THOUGHT,
    "message-v2-function-call.json": CALL,
    "message-v2-function-response.json": RESPONSE,
    "message-v2-unknown-part.json": UNKNOWN,
    "message-v2-recovered.json": RECOVERED,
    "message-v2-every-field.json": EVERY_FIELD,
    "message-v3-from-a-newer-version.json": NEWER,
}


def stored(name: str) -> bytes:
    return (STORED / name).read_bytes().removesuffix(b"\n")


@pytest.mark.parametrize("name", MESSAGES)
def test_a_stored_message_loads_for_ever(name: str) -> None:
    assert decode(stored(name)) == MESSAGES[name]


@pytest.mark.parametrize("name", [name for name in MESSAGES if "-v1-" not in name])
def test_a_stored_message_is_written_back_byte_for_byte(name: str) -> None:
    assert encode(decode(stored(name))) == stored(name)


@pytest.mark.parametrize("name", [name for name in MESSAGES if "-v1-" in name])
def test_a_message_of_the_first_version_is_written_as_the_second_writes_it(name: str) -> None:
    assert encode(decode(stored(name))) == stored(name.replace("-v1-", "-v2-"))


def test_no_stored_message_is_left_without_an_expectation() -> None:
    assert {path.name for path in STORED.glob("message-*")} == set(MESSAGES)


def test_a_stored_chapter_loads_for_ever() -> None:
    assert decode_chapter(stored("chapter-v1.json")) == Chapter(
        v=1,
        first=1,
        last=20,
        text="Mia booked two seats on the ferry (FX-7781) for 42,50 €.",
        model="gemini-3.5-flash",
        prompt="1",
        ts=1_767_225_700_000,
        tokens_before=2400,
        tokens_after=15,
    )


def test_a_stored_chapter_of_the_second_version_loads_for_ever() -> None:
    chapter = decode_chapter(stored("chapter-v2.json"))
    assert chapter == Chapter(
        v=2,
        first=1,
        last=44,
        text="Mia buchte zwei Plätze auf der Fähre.",
        decisions=("two seats instead of four",),
        open_tasks=(
            OpenTask(task="send the ticket", owner="Jonas", due="2026-01-09"),
            OpenTask(task="ask for 上海"),
        ),
        facts=("booking FX-7781", "42,50 €"),
        level=1,
        model="gemini-3.5-flash",
        prompt="2",
        ts=1_767_225_800_000,
        tokens_before=5200,
        tokens_after=61,
        refused=("cut_off", "not_smaller"),
    )
    assert encode_chapter(chapter) == stored("chapter-v2.json")


def test_a_stored_ledger_loads_for_ever() -> None:
    ledger = decode_ledger(stored("ledger-v1.json"))
    assert ledger == Ledger(
        v=1,
        said=(
            Said(
                1,
                "user",
                1_767_225_600_000,
                (Value("Fähre nach 上海", "name", 2, 7), Value("4711-B", "code", 5, 1)),
            ),
            Said(4, "model", 1_767_225_603_000, (Value("42,50 €", "amount", 4, 4),)),
        ),
        pending=(Pending(8, "model", 1_767_225_607_000, "confirmation", "Shall I book two seats?"),),
        dropped=3,
    )
    assert zlib.decompress(encode_ledger(ledger)) == stored("ledger-v1.json")
    assert decode_ledger(encode_ledger(ledger)) == ledger


def test_a_ledger_of_a_newer_version_loads_without_what_is_unknown() -> None:
    newer = stored("ledger-v1.json").replace(b'{"said"', b'{"v":2,"mood":"calm","said"')
    newer = newer.replace(b",5,1]", b',5,1,"more"]')
    ledger = decode_ledger(newer)
    assert (ledger.v, ledger.said) == (2, decode_ledger(stored("ledger-v1.json")).said)


def test_a_ledger_that_was_never_written_is_empty() -> None:
    assert decode_ledger(None) == decode_ledger(encode_ledger(Ledger())) == Ledger()


def test_a_chapter_of_a_newer_version_loads_without_what_is_unknown() -> None:
    newer = stored("chapter-v1.json").replace(b'{"first"', b'{"v":2,"mood":"calm","first"')
    chapter = decode_chapter(newer)
    assert (chapter.v, chapter.first, chapter.last) == (2, 1, 20)


def test_a_stored_archive_block_loads_for_ever() -> None:
    block = (STORED / "archive-v1-block.bin").read_bytes()
    found = list(unpack(block))
    assert block.startswith(b"1 4 6\n")
    assert [seq for seq, _ in found] == [4, 5, 6]
    assert [decode(message) for _, message in found] == [CALL, RESPONSE, UNKNOWN]
