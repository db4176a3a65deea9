"""Whatever bytes lie in Redis or come from outside: they are read, or refused by one kind of error."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from google.genai import types
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backscroll.cipher import PLAIN
from backscroll.compaction.summary import read_summary
from backscroll.errors import InvalidRequest, PermanentError, Sealed, TransientError
from backscroll.ledger.changes import apply_change, encode_change
from backscroll.ledger.ledger import Ledger, Pending, Said, Value, decode_ledger, encode_ledger
from backscroll.messages import archive
from backscroll.messages.chapter import Chapter, OpenTask, decode_chapter, encode_chapter
from backscroll.messages.codec import decode, decode_parts, encode, encode_parts
from backscroll.messages.media import Media
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Other, Text
from backscroll.model.gathered import Gathered
from backscroll.model.gemini import _translated, read
from backscroll.model.gemini_errors import refusal
from backscroll.sealing import Sealing
from backscroll.session_settings import SessionSettings, decode_settings, encode_settings
from backscroll.store.content import (
    decode_media,
    decode_messages,
    decode_request,
    encode_media,
    encode_message,
    encode_request,
    pack_archive,
    unpack_archive,
)
from web.parts import read_parts

PARTS = (Text("said", signature="c2ln"), Other({"type": "function_call", "functionCall": {"name": "f"}}))
MESSAGE = Message(seq=1, role="model", ts=5, parts=PARTS, model="m", usage=Usage(total_tokens=7))
FIRST = (
    b'{"v":1,"seq":1,"role":"model","ts":5,"parts":[{"type":"text","text":"said"}],"model":"m",'
    b'"usage":{"total_tokens":7}}'
)
CHAPTER = Chapter(
    first=1,
    last=2,
    text="told",
    open_tasks=(OpenTask(task="pay"),),
    model="m",
    prompt="1",
    ts=1,
    tokens_before=9,
    tokens_after=2,
)
LEDGER = Ledger(
    said=(Said(1, "user", 1, (Value("4711", "code", 1, 1),)),),
    pending=(Pending(1, "user", 1, "task", "pay"),),
)
(BLOCK,) = archive.pack(1, [encode(MESSAGE)] * 3)
CIPHER = Sealing({"k": bytes(32)}).cipher("t/s")
(SEALED_BLOCK,) = pack_archive(CIPHER, 1, [encode(MESSAGE)])
DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000

DECODERS: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "message": (decode, encode(MESSAGE)),
    "message of the first version": (decode, FIRST),
    "parts": (decode_parts, encode_parts(PARTS)),
    "chapter": (decode_chapter, encode_chapter(CHAPTER)),
    "ledger": (decode_ledger, encode_ledger(LEDGER)),
    "ledger that is not compressed": (decode_ledger, zlib.decompress(encode_ledger(LEDGER))),
    "ledger's change": (partial(apply_change, Ledger()), encode_change(Ledger(), LEDGER)),
    "session settings": (decode_settings, encode_settings(SessionSettings(model="m", ttl=5))),
    "archive block": (lambda data: [decode(stored) for _, stored in archive.unpack(data)], BLOCK),
    "request": (partial(decode_request, PLAIN), encode_request(PLAIN, PARTS)),
    "sealed request": (partial(decode_request, CIPHER), encode_request(CIPHER, PARTS)),
    "sealed message": (lambda data: decode_messages(CIPHER, [data]), encode_message(CIPHER, MESSAGE)),
    "sealed block": (lambda data: list(unpack_archive(CIPHER, data)), SEALED_BLOCK),
    "sealed media": (partial(decode_media, CIPHER, "d"), encode_media(CIPHER, "d", Media("image/png", b"x"))),
    # SPOOL: its lines belong here, too.
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, valid: bytes) -> bytes:
    """What was valid, with a few bytes changed, left out or put in."""
    data = bytearray(valid)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(data)


@st.composite
def other_values(draw: st.DrawFn, valid: bytes) -> bytes:
    """What was valid, with one value replaced by any other."""
    found: Any = json.loads(valid)
    inner, last = found, None
    while isinstance(inner, dict | list) and inner and (last is None or draw(st.booleans())):
        last = inner
        key = draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        inner = inner[key]
    if last is not None:
        last[key] = draw(json_values)
    return json.dumps(found).encode()


@pytest.mark.parametrize(("decoder", "valid"), DECODERS.values(), ids=DECODERS)
@settings(max_examples=150)
@given(data=st.data())
def test_stored_bytes_are_read_or_refused(
    decoder: Callable[[bytes], Any], valid: bytes, data: st.DataObject
) -> None:
    kinds = [st.binary(max_size=60), mutated(valid)]
    if valid[:1] in b"{[":
        kinds.append(other_values(valid))
    read_or_refused(decoder, data.draw(st.one_of(kinds)))


@pytest.mark.parametrize(("decoder", "valid"), DECODERS.values(), ids=DECODERS)
@pytest.mark.parametrize(
    "hostile", [DEEP, b"[" * 100_000, b"1" * 100_000, b"\xff\xfe", b"null", b'"'], ids=range(6)
)
def test_hostile_bytes_are_refused(decoder: Callable[[bytes], Any], valid: bytes, hostile: bytes) -> None:
    read_or_refused(decoder, hostile)
    read_or_refused(decoder, b"[" + DEEP + b"]")
    assert decoder(valid)


def read_or_refused(decoder: Callable[[bytes], Any], data: bytes) -> None:
    try:
        decoder(data)
    except (msgspec.MsgspecError, Sealed) as error:
        assert len(str(error)) < 500  # noqa: PT017 - both ways are right


@pytest.mark.parametrize(
    "stored",
    [
        [2, "1", "m", 5, "said"],
        [2, 1, "system", 5, "said"],
        [2, 1, "m", None, "said"],
        [2, 1, "m", 5],
        [2, 1, "m", 5, {"a": 1}],
        [2, 1, "m", 5, [5]],
        [2, 1, "m", 5, "said", {"model": 5}],
        [2, 1, "m", 5, "said", {"usage": [None, "x"]}],
        [2, 1, "m", 5, "said", {"recovered": 1}],
        # A sixth element is nobody's: what it says would be lost.
        [2, 1, "m", 5, "said", {}, "more"],
        [1, 1, "m", 5, "said"],
        [-(10**18), 1, "m", 5, "said"],
        ["2", 1, "m", 5, "said"],
    ],
)
def test_a_message_with_a_wrong_field_is_refused(stored: list[object]) -> None:
    assert decode(b'[2,1,"m",5,"said",{}]').text == "said"
    with pytest.raises(msgspec.MsgspecError):
        decode(msgspec.json.encode(stored))


@pytest.mark.parametrize(
    "stored",
    [
        {"seq": "1"},
        {"role": "system"},
        {"ts": None},
        {"model": 5},
        {"parts": {"a": 1}},
        {"parts": ["a"]},
        {"usage": {"total_tokens": "x"}},
        {"recovered": 1},
        {"v": 2},
        {"v": -(10**18)},
        {"v": "1"},
    ],
)
def test_a_message_of_the_first_version_with_a_wrong_field_is_refused(stored: dict[str, object]) -> None:
    assert decode(FIRST).text == "said"
    with pytest.raises(msgspec.MsgspecError):
        decode(msgspec.json.encode(msgspec.json.decode(FIRST) | stored))


@pytest.mark.parametrize("wrong", [{"thought": 7}, {"signature": []}])
def test_a_text_with_a_wrong_field_is_kept_as_it_is(wrong: dict[str, object]) -> None:
    raw = {"type": "text", "text": "said"} | wrong
    assert decode_parts(msgspec.json.encode([raw])) == (Other(raw),)


def test_an_archive_block_that_unpacks_to_too_much_is_refused_before_it_does() -> None:
    bomb = b"1 1 2\n" + zlib.compress(b"\n" * 50_000_000, 9)
    assert len(bomb) < 60_000
    with pytest.raises(msgspec.MsgspecError, match="holds too much"):
        list(archive.unpack(bomb, most=1_000_000))


def test_a_ledger_that_unpacks_to_too_much_is_refused_before_it_does() -> None:
    bomb = zlib.compress(b" " * 100_000_000, 9)
    with pytest.raises(msgspec.MsgspecError, match="holds too much"):
        decode_ledger(bomb)


@pytest.mark.parametrize("text", [DEEP.decode(), "\ud800", '{"what_happened": "\ud800"}', "[" * 100_000])
def test_a_hostile_summary_is_no_summary(text: str) -> None:
    assert read_summary(text) is None


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "type",
                "text",
                "inlineData",
                "file_data",
                "functionResponse",
                "thought",
                "mimeType",
                "data",
                "x",
            ]
        ),
        json_values,
        max_size=3,
    )
)
@example({"inlineData": {"mimeType": "image/png", "data": "A" * 5}})
@example({"inlineData": {"mimeType": "image/png", "data": "\ud800"}})
def test_posted_parts_are_read_or_refused(posted: dict[str, Any]) -> None:
    read_or_refuse(posted)


def test_posted_parts_that_are_nested_deeply_are_read_or_refused() -> None:
    # No example of Hypothesis: it would show it, and that is too deep for it.
    deep = msgspec.json.decode(b'{"a":' * 900 + b"1" + b"}" * 900)
    read_or_refuse({"functionResponse": {"name": "f", "response": deep}})


def read_or_refuse(posted: dict[str, Any]) -> None:
    try:
        read_parts([posted], "parts")
    except InvalidRequest as error:
        assert error.field.startswith("parts")  # noqa: PT017


ANSWER = json.dumps(
    {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": "said", "thoughtSignature": "c2ln"}]},
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"totalTokenCount": 7},
        "modelVersion": "m",
    }
).encode()


@settings(max_examples=200)
@given(other_values(ANSWER))
def test_an_answer_of_geminis_is_read_or_an_error_that_decides(answer: bytes) -> None:
    try:
        with _translated("key"):
            found = read(types.GenerateContentResponse.model_validate(json.loads(answer)))
        gathered = Gathered()
        gathered.add(found)
        gathered.answer("asked")
    except (TransientError, PermanentError) as error:
        assert error.code  # noqa: PT017


@settings(max_examples=200)
@given(st.integers() | st.none() | st.text(), st.text(max_size=20), json_values, st.text(max_size=9))
@example(429, "", {"error": {"details": [{"@type": "RetryInfo", "retryDelay": "1e999s"}]}}, "-inf")
@example(429, "", {"error": {"details": [{"@type": "RetryInfo", "retryDelay": "9" * 5000}]}}, "nan")
def test_a_refusal_of_geminis_is_an_error_that_decides(
    code: object, said: str, details: Any, header: str
) -> None:
    error = refusal(code, said, details=details, headers={"retry-after": header})
    delay = getattr(error, "delay", None)
    assert delay is None or 0 <= delay <= 86_400
