"""Media as the offline model sees them: what they cost, and that exactly their bytes arrived."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest

from backscroll.offline.counting import tokens_of
from backscroll.offline.media import described, picture, remembered


def medium(kind: str, data: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": b64encode(data).decode()}}


@pytest.mark.parametrize(
    ("kind", "size", "tokens"),
    [
        ("image/png", 10, 258),
        ("image/jpeg", 1_000_000, 258),
        ("audio/wav", 16_000, 32),
        ("audio/mp3", 16_001, 64),
        ("application/pdf", 100, 258),
        ("application/pdf", 250_000, 774),
        ("text/plain", 10, 3),
    ],
)
def test_media_cost_by_type_and_size_and_never_by_the_length_of_their_base64(
    kind: str, size: int, tokens: int
) -> None:
    assert tokens_of(medium(kind, bytes(size))) == tokens


def test_what_stands_elsewhere_has_one_price() -> None:
    part = {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://a/" + "b" * 1000}}
    assert tokens_of(part) == 258


def test_media_that_a_function_gave_back_are_counted_and_remembered_like_others() -> None:
    response = {"name": "draw", "response": {}, "parts": [medium("image/png", bytes(9000))]}
    part = {"functionResponse": response}
    assert 258 < tokens_of(part) < 300
    (content,) = remembered({"contents": [{"role": "user", "parts": [part]}]})["contents"]
    (inner,) = content["parts"][0]["functionResponse"]["parts"]
    assert inner["inlineData"]["data"] == f"sha256:{sha256(bytes(9000)).hexdigest()}"


def test_the_signature_of_a_call_costs_nothing() -> None:
    call = {"functionCall": {"name": "now", "args": {}}}
    assert tokens_of(call | {"thoughtSignature": "a" * 400}) == tokens_of(call)


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_media_are_told_by_type_and_digest(encode: Any) -> None:
    data = bytes(range(256))
    digest = sha256(data).hexdigest()
    image = {"inlineData": {"mimeType": "image/png", "data": encode(data).decode()}}
    assert described({"parts": [image]}) == f"I was given image/png {digest[:8]}."
    file = {"fileData": {"mimeType": "audio/wav", "fileUri": "gs://a"}}
    assert described({"parts": [image, image, file]}) == (
        f"I was given 3 files: image/png {digest[:8]}, image/png {digest[:8]}, audio/wav at gs://a."
    )
    assert described({"parts": [{"text": "hello"}]}) == ""


def test_what_is_remembered_has_digests_in_the_place_of_bytes() -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "look"}, medium("image/png", bytes(99_000))]}]}
    kept = remembered(body)
    assert kept["contents"][0]["parts"] == [
        {"text": "look"},
        {"inlineData": {"mimeType": "image/png", "data": f"sha256:{sha256(bytes(99_000)).hexdigest()}"}},
    ]
    assert len(body["contents"][0]["parts"][1]["inlineData"]["data"]) > 99_000, "the request keeps its own"


def test_a_picture_is_a_whole_png_and_another_for_another_seed() -> None:
    blob = picture("a")["inlineData"]
    data = b64decode(blob["data"])
    assert blob["mimeType"] == "image/png"
    assert data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    at, kinds = 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        chunk = data[at + 4 : at + 8 + length]
        assert int.from_bytes(data[at + 8 + length : at + 12 + length]) == zlib.crc32(chunk)
        kinds.append(chunk[:4])
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    assert picture("b") != picture("a")
