"""Posted parts: each kind in both spellings, and the place of whatever is wrong."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.errors import InvalidRequest, TooLarge
from backscroll.messages.media import Media, apart
from backscroll.messages.part import Other, Part, Text
from backscroll.messages.said import check_said
from backscroll.settings import WebSettings
from web.parts import read_parts

DATA = b"\xfb\xef\xbe\x00!"
FILE = {"fileUri": "https://example.org/a.pdf", "mimeType": "application/pdf"}
RESPONSE = {"name": "book:v1.ferry-2", "response": {"booking_id": "FX-7781", "open": None, "mime_type": 1}}


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"x": value}
    return value


def read(*posted: dict[str, Any]) -> tuple[tuple[Part, ...], dict[str, Media]]:
    return read_parts(posted, "parts")


def refused(*posted: dict[str, Any]) -> str:
    with pytest.raises(InvalidRequest) as caught:
        read(*posted)
    return caught.value.field


@pytest.mark.parametrize(
    ("posted", "stored"),
    [
        ({"text": "hi"}, Text("hi")),
        ({"type": "text", "text": ""}, Text("")),
        ({"fileData": FILE}, Other({"type": "file_data", "fileData": FILE})),
        (
            {"file_data": {"file_uri": FILE["fileUri"], "mime_type": FILE["mimeType"]}},
            Other({"type": "file_data", "fileData": FILE}),
        ),
        (
            {"type": "file_data", "fileData": {"fileUri": "gs://bucket/a", "mimeType": None}},
            Other({"type": "file_data", "fileData": {"fileUri": "gs://bucket/a"}}),
        ),
        ({"functionResponse": RESPONSE}, Other({"type": "function_response", "functionResponse": RESPONSE})),
        (
            {"type": "function_response", "function_response": {"id": "c1", **RESPONSE}},
            Other({"type": "function_response", "functionResponse": {"id": "c1", **RESPONSE}}),
        ),
        (
            {"functionResponse": {"name": "f", "response": deep(64)}},
            Other({"type": "function_response", "functionResponse": {"name": "f", "response": deep(64)}}),
        ),
    ],
)
def test_a_part_is_written_as_it_is_stored(posted: dict[str, Any], stored: Part) -> None:
    assert read(posted) == ((stored,), {})


@pytest.mark.parametrize("names", [("inlineData", "mimeType"), ("inline_data", "mime_type")])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@given(data=st.binary(min_size=1), padded=st.booleans())
def test_base64_is_read_in_either_alphabet_with_or_without_padding(
    names: tuple[str, str], encode: Any, data: bytes, padded: bool
) -> None:
    written = encode(data).decode()
    posted = {names[0]: {names[1]: "image/png", "data": written if padded else written.rstrip("=")}}
    digest, part = apart(Media("image/png", data))
    assert read(posted) == ((part,), {digest: Media("image/png", data)})


INLINE = {"mimeType": "image/png", "data": "QUJD"}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("nothing in it", {}, ""),
    ("only a type", {"type": "text"}, ""),
    ("two things", {"text": "hi", "inlineData": INLINE}, ""),
    ("an unknown kind", {"functionCall": {"name": "f"}}, ".functionCall"),
    ("an unknown type", {"type": "hologram", "text": "hi"}, ".type"),
    ("a type of another", {"type": "text", "inlineData": INLINE}, ".type"),
    ("a number for a type", {"type": 3, "text": "hi"}, ".type"),
    ("a number for a text", {"text": 3}, ".text"),
    ("null for a text", {"text": None}, ".text"),
    ("a thought", {"text": "hi", "thought": True}, ".thought"),
    ("two spellings", {"inlineData": INLINE, "inline_data": INLINE}, ".inlineData"),
    (
        "two spellings within",
        {"inlineData": {**INLINE, "mime_type": "image/png"}},
        ".inlineData.mimeType",
    ),
    ("no object", {"inlineData": "QUJD"}, ".inlineData"),
    ("null", {"inlineData": None}, ".inlineData"),
    ("no mime type", {"inlineData": {"data": "QUJD"}}, ".inlineData.mimeType"),
    ("no kind of mime type", {"inline_data": {**INLINE, "mimeType": "png"}}, ".inlineData.mimeType"),
    ("a mime type with a line", {"inlineData": {**INLINE, "mimeType": "a/b\n"}}, ".inlineData.mimeType"),
    ("no data", {"inlineData": {"mimeType": "image/png"}}, ".inlineData.data"),
    ("empty data", {"inlineData": {**INLINE, "data": ""}}, ".inlineData.data"),
    ("a reference", {"inlineData": {"mimeType": "image/png", "sha256": "00", "size": 1}}, ".inlineData"),
    ("an unknown field", {"inlineData": {**INLINE, "colour": 1}}, ".inlineData.colour"),
    *(
        (f"no base64: {data!r}", {"inlineData": {**INLINE, "data": data}}, ".inlineData.data")
        for data in ("Q", "QQ=", "QUJD=", "====", "Q Q=", "QUJD\n", "QQ==QQ==", "/v79-w==", "für", "Q!==")
    ),
    ("no uri", {"fileData": {"mimeType": "image/png"}}, ".fileData.fileUri"),
    ("a path", {"fileData": {"fileUri": "/etc/passwd"}}, ".fileData.fileUri"),
    ("another scheme", {"fileData": {"fileUri": "file:///etc/passwd"}}, ".fileData.fileUri"),
    ("a uri with a line", {"fileData": {"fileUri": "https://a/b\n"}}, ".fileData.fileUri"),
    ("too long a uri", {"fileData": {"fileUri": "https://a/" + "x" * 2039}}, ".fileData.fileUri"),
    ("no kind of file", {"fileData": {"fileUri": "https://a", "mimeType": "x"}}, ".fileData.mimeType"),
    ("no name", {"functionResponse": {"response": {}}}, ".functionResponse.name"),
    ("a wrong name", {"functionResponse": {"name": "a b", "response": {}}}, ".functionResponse.name"),
    ("too long a name", {"functionResponse": {"name": "x" * 129, "response": {}}}, ".functionResponse.name"),
    ("no response", {"functionResponse": {"name": "f"}}, ".functionResponse.response"),
    (
        "a list for a response",
        {"functionResponse": {"name": "f", "response": []}},
        ".functionResponse.response",
    ),
    (
        "too deep a response",
        {"functionResponse": {"name": "f", "response": deep(65)}},
        ".functionResponse.response",
    ),
    ("an empty id", {"functionResponse": {"name": "f", "response": {}, "id": ""}}, ".functionResponse.id"),
    ("more", {"functionResponse": {"name": "f", "response": {}, "parts": []}}, ".functionResponse.parts"),
]


@pytest.mark.parametrize(("posted", "place"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_named_by_its_place(posted: dict[str, Any], place: str) -> None:
    found = refused({"text": "before"}, posted)
    assert found.startswith(f"parts[1]{place}")
    assert place != "" or found == "parts[1]"


def check(*parts: Part, **limits: int) -> None:
    check_said(parts, "parts", WebSettings(**limits))


@pytest.mark.parametrize("parts", [(), (Text(""),), (Text(" \n"), Text("\t"))])
def test_a_message_must_say_something(parts: tuple[Part, ...]) -> None:
    with pytest.raises(InvalidRequest, match="must not be empty"):
        check(*parts)


def test_a_picture_alone_says_something() -> None:
    check(Text(" "), apart(Media("image/png", DATA))[1])


def media(mime: str, size: int) -> Part:
    return apart(Media(mime, b"x" * size))[1]


@pytest.mark.parametrize(
    "parts",
    [
        (Text("x" * 1000), Text("x" * 25)),
        (Text("é" * 513),),
        (
            Other(
                {
                    "type": "function_response",
                    "functionResponse": {"name": "f", "response": {"x": "x" * 1000}},
                }
            ),
        ),
        (Text("x" * 24), media("text/csv", 1001)),
    ],
    ids=["texts", "bytes", "a response", "a text in a file"],
)
def test_texts_and_data_have_one_bound_together(parts: tuple[Part, ...]) -> None:
    with pytest.raises(TooLarge):
        check(*parts, message_bytes=1024)
    check(*parts, message_bytes=1200)


def test_media_have_a_bound_of_their_own() -> None:
    parts = (Text("x" * 1024), media("image/png", 1500), media("image/png", 548))
    check(*parts, message_bytes=1024, media_bytes=2048)
    with pytest.raises(TooLarge):
        check(*parts, message_bytes=1024, media_bytes=2047)
