"""Messages on disk: what was written is read back unchanged, by this version and past it."""

from __future__ import annotations

from string import ascii_letters, digits
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.messages.codec import VERSION, decode, decode_parts, encode, encode_parts
from backscroll.messages.media import Media, apart
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Other, Text, to_stored

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def fields_besides(*known: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text().filter(lambda name: name not in known), values, max_size=3)


def together(usage: Usage) -> int:
    return (usage.prompt_tokens or 0) + (usage.output_tokens or 0) + (usage.thought_tokens or 0)


signatures = st.text(ascii_letters + digits + "+/-_=", min_size=1)
texts = st.builds(
    Text,
    text=st.text(),
    thought=st.booleans(),
    signature=st.none() | signatures,
    extra=fields_besides("type", "text", "thought", "signature"),
)
unknown = st.builds(
    lambda kind, rest: Other({"type": kind, **rest}),
    st.text().filter(lambda kind: kind != "text"),
    fields_besides("type"),
)
media = st.builds(lambda data: apart(Media("image/png", data))[1], st.binary(max_size=9))
counts = st.none() | st.integers(0, 2**40)
usages = st.builds(
    Usage,
    prompt_tokens=counts,
    output_tokens=counts,
    thought_tokens=counts,
    cached_tokens=counts,
    total_tokens=counts,
)
summed = st.builds(
    lambda usage: msgspec.structs.replace(usage, total_tokens=together(usage)),
    usages,
)
unknown_fields = fields_besides("v", "seq", "role", "ts", "parts", "model", "asked", "usage", "recovered")
newer = st.integers(VERSION + 1, 99).flatmap(lambda v: unknown_fields.map(lambda rest: {**rest, "v": v}))
messages = st.builds(
    Message,
    seq=st.integers(1, 2**53),
    role=st.sampled_from(["user", "model"]),
    ts=st.integers(0, 2**53),
    parts=st.lists(st.builds(Text, st.text()) | texts | unknown | media, max_size=4).map(tuple),
    model=st.none() | st.text(),
    asked=st.none() | st.text(),
    usage=st.none() | usages | summed,
    recovered=st.booleans(),
    extra=unknown_fields | newer,
)


@given(messages)
def test_any_message_comes_back_as_it_was(message: Message) -> None:
    assert decode(encode(message)) == message


@given(messages)
def test_a_message_that_is_read_and_written_again_has_the_same_bytes(message: Message) -> None:
    stored = encode(message)
    assert encode(decode(stored)) == stored


@given(st.lists(st.builds(Text, st.text()) | texts | unknown | media, max_size=4).map(tuple))
def test_parts_alone_come_back_as_they_were(parts: tuple[Text | Other, ...]) -> None:
    assert decode_parts(encode_parts(parts)) == parts
    assert encode_parts(decode_parts(encode_parts(parts))) == encode_parts(parts)


@given(values)
def test_f33_a_part_of_any_form_is_kept(value: Any) -> None:
    # Elsewhere history that a newer SDK had written failed to load.
    for part in (
        {"type": "hologram", "of": value},
        {"type": "hologram", "text": "its caption", "of": value},
        {"text": "without a type", "of": value},
        {"type": "text", "text": [value]},
    ):
        stored = b'[2,1,"u",1,[' + msgspec.json.encode(part) + b"]]"
        assert encode(decode(stored)) == stored


@given(unknown_fields, st.integers(VERSION + 1, 99))
def test_f33_a_message_of_a_newer_version_is_written_back_with_all_its_fields(
    rest: dict[str, Any], version: int
) -> None:
    # Elsewhere an older process dropped what it did not know.
    raw = [version, 7, "m", 1, ["x", {"type": "hologram"}], {"model": "m", **rest}]
    assert msgspec.json.decode(encode(decode(msgspec.json.encode(raw)))) == raw


def as_the_first_version_wrote_it(message: Message) -> bytes:
    stored = {
        "v": 1,
        "seq": message.seq,
        "role": message.role,
        "ts": message.ts,
        "parts": [to_stored(part) for part in message.parts],
        "model": message.model,
        "asked": message.asked,
        "usage": None if message.usage is None else msgspec.structs.asdict(message.usage),
        "recovered": message.recovered,
    }
    kept = {name: value for name, value in stored.items() if value is not None and value is not False}
    return msgspec.json.encode(kept | dict(message.extra) | {"v": 1})


@given(messages)
def test_what_the_first_version_wrote_is_read_and_then_written_as_now(message: Message) -> None:
    read = decode(as_the_first_version_wrote_it(message))
    extra = {name: value for name, value in message.extra.items() if name != "v"}
    assert read == msgspec.structs.replace(message, extra=extra)
    assert encode(read).startswith(b"[2,")
    assert decode(encode(read)) == read


@pytest.mark.parametrize(
    ("usage", "stored"),
    [
        (Usage(), b"[]"),
        (Usage(prompt_tokens=12, output_tokens=9, total_tokens=21), b"[12,9]"),
        (Usage(prompt_tokens=12, output_tokens=9, thought_tokens=5, total_tokens=26), b"[12,9,5]"),
        (Usage(prompt_tokens=12, cached_tokens=8, total_tokens=12), b"[12,null,null,8]"),
        # Of what a tool brought, only the total tells.
        (Usage(prompt_tokens=12, output_tokens=9, total_tokens=30), b"[12,9,null,null,30]"),
        (Usage(prompt_tokens=12, output_tokens=9), b"[12,9,null,null,null]"),
        (Usage(prompt_tokens=0, total_tokens=0), b"[0,null,null,null,0]"),
    ],
)
def test_a_total_that_can_be_counted_is_not_stored(usage: Usage, stored: bytes) -> None:
    message = Message(seq=2, role="model", ts=1, parts=(Text("hi"),), usage=usage)
    assert encode(message) == b'[2,2,"m",1,"hi",{"usage":' + stored + b"}]"
    assert decode(encode(message)) == message


@given(signatures, st.booleans())
def test_f30_a_signature_survives_also_on_an_empty_text(signature: str, thought: bool) -> None:
    # Elsewhere signatures were dropped on save, and the next tool turn was a 400.
    message = Message(seq=2, role="model", ts=1, parts=(Text("", thought=thought, signature=signature),))
    (part,) = decode(encode(message)).parts
    assert isinstance(part, Text)
    assert part.signature == signature


@pytest.mark.parametrize(
    ("parts", "stored"),
    [
        ((), b"[]"),
        ((Text(""),), b'""'),
        ((Text("hi"), Text("you")), b'["hi","you"]'),
        ((Text("hi", thought=True),), b'[{"type":"text","text":"hi","thought":true}]'),
        ((Text("hi"), Text("", signature="c2ln")), b'["hi",{"type":"text","text":"","signature":"c2ln"}]'),
    ],
)
def test_words_and_nothing_more_are_stored_as_they_are(parts: tuple[Text, ...], stored: bytes) -> None:
    message = Message(seq=1, role="user", ts=5, parts=parts)
    assert encode(message) == b'[2,1,"u",5,' + stored + b"]"
    assert decode(encode(message)) == message


def test_what_a_part_does_not_have_takes_no_space() -> None:
    assert encode_parts((Text("hi"),)) == b'[{"type":"text","text":"hi"}]'


def test_a_message_reads_as_what_a_person_would_read() -> None:
    parts = (Text("Let me think.", thought=True), Text("It is "), Other({"type": "hologram"}), Text("7 °C."))
    assert Message(seq=2, role="model", ts=1, parts=parts).text == "It is 7 °C."


@pytest.mark.parametrize("data", [b"", b"{", b"{}", b"[]", b'"text"', b"\xff"])
def test_what_is_no_message_at_all_is_an_error_and_no_empty_message(data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        decode(data)
