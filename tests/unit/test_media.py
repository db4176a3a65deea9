"""Media go apart from their messages and come back: not a bit is lost, and nothing else is touched."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backscroll.messages.codec import decode_parts, encode_parts
from backscroll.messages.media import Media, apart, attach, detach, inline, mime_of, size_of, split
from backscroll.messages.part import Other, Part, Text
from backscroll.model.gemini import SHAPES
from backscroll.model.gemini_parts import sent

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
DIGEST = sha256(PNG).hexdigest()

base64s = st.one_of(
    st.binary(max_size=12).map(lambda data: urlsafe_b64encode(data).decode()),
    st.binary(max_size=12).map(lambda data: b64encode(data).decode()),
    st.text(max_size=8),
)
values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | base64s
names = st.sampled_from(["inlineData", "inline_data", "data", "mimeType", "args", "response", "parts", "x"])
json = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)
blobs = st.fixed_dictionaries(
    {"data": base64s},
    optional={
        "mimeType": st.sampled_from(["image/png", "a\nb"]) | values,
        "displayName": values,
        "sha256": st.just(DIGEST) | values,
        "size": values,
    },
)
held = st.fixed_dictionaries(
    {"inlineData": blobs}, optional={"type": st.just("inline_data"), "thought": json}
)
others = st.one_of(
    held,
    st.fixed_dictionaries({"functionResponse": st.fixed_dictionaries({"parts": st.lists(held, max_size=3)})}),
    st.dictionaries(names, json, max_size=4),
).map(Other)
texts = st.builds(Text, st.text(max_size=9), st.booleans(), st.none() | st.text(max_size=5))
parts = st.lists(texts | others, max_size=4).map(tuple)


def shown_as(blob: dict[str, Any]) -> tuple[Part, ...]:
    return (Other({"type": "inline_data", "inlineData": blob}),)


@given(parts)
@example(shown_as({"data": "-_-_"}))
@example(shown_as({"data": "+/+/"}))
@example(shown_as({"data": "QR=="}))
@example(shown_as({"data": "QQ"}))
@example(shown_as({"data": " QUJD"}))
@example(shown_as({"data": "QUJD", "sha256": "7", "size": 1}))
def test_what_was_detached_and_attached_again_is_as_it_was(before: tuple[Part, ...]) -> None:
    apart, found = detach(before)
    assert attach(apart, found) == before
    assert {sha256(media.data).hexdigest() for media in found.values()} == found.keys()


@given(parts)
def test_they_come_back_after_a_life_on_disk_too(before: tuple[Part, ...]) -> None:
    shown, found = detach(before)
    loaded = decode_parts(encode_parts(shown))
    assert encode_parts(attach(loaded, found)) == encode_parts(attach(shown, found))


@given(parts)
def test_what_is_detached_already_is_left_alone(before: tuple[Part, ...]) -> None:
    once, _ = detach(before)
    assert detach(once) == (once, {})


@given(st.binary(min_size=1))
def test_media_keep_their_bytes_and_the_alphabet_of_the_sdk(data: bytes) -> None:
    part = inline("image/png", data)
    shown, found = detach((part,))
    assert found == {sha256(data).hexdigest(): Media("image/png", data)}
    assert [sent(each, SHAPES.part) for each in attach(shown, found)] == [
        {"inlineData": {"mimeType": "image/png", "data": urlsafe_b64encode(data).decode()}}
    ]


def test_a_reference_stands_where_the_base64_was() -> None:
    signed = {
        "type": "inline_data",
        "inlineData": {"data": "QUJD", "mimeType": "a/b"},
        "thoughtSignature": "c2ln",
    }
    ((shown,), found) = detach((Other(signed),))
    reference = {"mimeType": "a/b", "sha256": sha256(b"ABC").hexdigest(), "size": 3}
    assert shown == Other({**signed, "inlineData": reference})
    assert list(found.values()) == [Media("a/b", b"ABC")]


def test_a_part_made_of_media_is_the_one_that_detaching_gives() -> None:
    digest, part = apart(Media("image/png", PNG))
    assert ((part,), {digest: Media("image/png", PNG)}) == detach((inline("image/png", PNG),))


def test_media_within_a_functions_response_go_too() -> None:
    held = {"inlineData": {"mimeType": "image/png", "data": urlsafe_b64encode(PNG).decode()}}
    part = Other({"functionResponse": {"name": "shoot", "response": {"ok": True}, "parts": [held]}})
    (shown,), found = detach((part,))
    assert b"sha256" in msgspec.json.encode(shown)
    assert found == {DIGEST: Media("image/png", PNG)}


@pytest.mark.parametrize("owner", [("functionCall", "args"), ("functionResponse", "response")])
def test_a_tools_own_data_are_left_alone_even_where_they_look_like_media(owner: tuple[str, str]) -> None:
    call, data = owner
    part = Other({call: {"name": "send", data: {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}}})
    assert detach((part,)) == ((part,), {})


def test_the_same_media_are_found_once() -> None:
    shown, found = detach((inline("image/png", PNG), Text("and"), inline("image/png", PNG)))
    assert (len(shown), list(found)) == (3, [DIGEST])


def test_what_is_not_there_stays_a_reference() -> None:
    shown, _ = detach((inline("image/png", PNG),))
    assert attach(shown, {}) == shown


@pytest.mark.parametrize(
    ("mime", "known"),
    [
        ("image/png", True),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
        ("image/" + "x" * 128, False),
        ("application/vnd.ms-excel.sheet.macroEnabled.12", True),
        ("audio/L16;codec=pcm;rate=24000", True),
        ("audio/L16; rate=24000", True),
        ("image", False),
        ("image/", False),
        ("/png", False),
        ("image/png\n", False),
        ("image/png\r\nX: y", False),
        ("<b>/x", False),
        (7, False),
    ],
)
def test_a_kind_is_known_by_its_form(mime: Any, known: bool) -> None:
    assert mime_of({"mimeType": mime}) == (mime if known else "")


def test_size_and_rest_are_told_of_media_here_and_elsewhere() -> None:
    part = Other({"type": "inline_data", "inlineData": {"mimeType": "a/b", "data": "QUJD"}, "thought": True})
    (elsewhere,), _ = detach((part,))
    assert isinstance(elsewhere, Other)
    for each in (part, elsewhere):
        rest, (blob,) = split(each)
        assert (rest, size_of(blob)) == ({"type": "inline_data", "thought": True}, 3)


@given(st.binary(min_size=1, max_size=9))
def test_media_alone_leave_nothing_and_know_their_size(data: bytes) -> None:
    rest, (blob,) = split(inline("a/b", data))
    assert (rest, size_of(blob)) == ({}, len(data))
