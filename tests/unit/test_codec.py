"""Messages on disk: what was written is read back unchanged, by this version and past it."""

from __future__ import annotations

from string import ascii_letters, digits
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.messages.codec import VERSION, decode, decode_parts, encode, encode_parts
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Other, Text

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def fields_besides(*known: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text().filter(lambda name: name not in known), values, max_size=3)


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
counts = st.none() | st.integers(0, 2**40)
usages = st.builds(
    Usage,
    prompt_tokens=counts,
    output_tokens=counts,
    thought_tokens=counts,
    cached_tokens=counts,
    total_tokens=counts,
)
unknown_fields = fields_besides("v", "seq", "role", "ts", "parts", "model", "usage")
newer = st.integers(VERSION + 1, 99).flatmap(lambda v: unknown_fields.map(lambda rest: {**rest, "v": v}))
messages = st.builds(
    Message,
    seq=st.integers(1, 2**53),
    role=st.sampled_from(["user", "model"]),
    ts=st.integers(0, 2**53),
    parts=st.lists(texts | unknown, max_size=4).map(tuple),
    model=st.none() | st.text(),
    usage=st.none() | usages,
    extra=unknown_fields | newer,
)


@given(messages)
def test_any_message_comes_back_as_it_was(message: Message) -> None:
    assert decode(encode(message)) == message


@given(messages)
def test_a_message_that_is_read_and_written_again_has_the_same_bytes(message: Message) -> None:
    stored = encode(message)
    assert encode(decode(stored)) == stored


@given(st.lists(texts | unknown, max_size=4).map(tuple))
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
        stored = b'{"v":1,"seq":1,"role":"user","ts":1,"parts":[' + msgspec.json.encode(part) + b"]}"
        assert encode(decode(stored)) == stored


@given(unknown_fields, st.integers(VERSION + 1, 99))
def test_f33_a_message_of_a_newer_version_is_written_back_with_all_its_fields(
    rest: dict[str, Any], version: int
) -> None:
    # Elsewhere an older process dropped what it did not know.
    raw = {"v": version, "seq": 7, "role": "model", "ts": 1, "parts": [{"type": "text", "text": "x"}], **rest}
    assert msgspec.json.decode(encode(decode(msgspec.json.encode(raw)))) == raw


@given(signatures, st.booleans())
def test_f30_a_signature_survives_also_on_an_empty_text(signature: str, thought: bool) -> None:
    # Elsewhere signatures were dropped on save, and the next tool turn was a 400.
    message = Message(seq=2, role="model", ts=1, parts=(Text("", thought=thought, signature=signature),))
    (part,) = decode(encode(message)).parts
    assert isinstance(part, Text)
    assert part.signature == signature


def test_what_a_part_does_not_have_takes_no_space() -> None:
    assert encode_parts((Text("hi"),)) == b'[{"type":"text","text":"hi"}]'


def test_a_message_reads_as_what_a_person_would_read() -> None:
    parts = (Text("Let me think.", thought=True), Text("It is "), Other({"type": "hologram"}), Text("7 °C."))
    assert Message(seq=2, role="model", ts=1, parts=parts).text == "It is 7 °C."


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"text"', b"\xff"])
def test_what_is_no_message_at_all_is_an_error_and_no_empty_message(data: bytes) -> None:
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        decode(data)
