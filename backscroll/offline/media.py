"""Media: what they cost, what is said of them, and how they are remembered without their bytes."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from struct import pack
from typing import Any

from backscroll.offline.fields import invalid
from backscroll.offline.protocol import Refused, decoded

_MOST = 20 * 1024 * 1024
_SHOWN = 8
# Tokens, and the bytes for which one has to pay them: a second of sound or of a film, a page of a PDF.
_PRICES = {
    "audio/": (32, 16_000),
    "video/": (295, 250_000),
    "application/pdf": (258, 100_000),
    "text/": (1, 4),
}
_FLAT = 258
_SIDE = 8


def check(contents: list[dict[str, Any]]) -> None:
    """Refuse media that are no base64, or too large together."""
    total = 0
    for index, content in enumerate(contents):
        for number, part in enumerate(content["parts"]):
            for blob in _blobs(part):
                data = blob.get("data", "")
                try:
                    total += len(decoded(data))
                except (ValueError, AttributeError):
                    raise invalid(f"contents[{index}].parts[{number}].inline_data.data", data) from None
    if total > _MOST:
        raise Refused(f"Request payload size exceeds the limit: {_MOST} bytes.")


def tokens(blob: dict[str, Any]) -> int:
    """Count the tokens of inline data by type and size; of an image, or of a file elsewhere, at one price."""
    kind = str(blob.get("mimeType", ""))
    for known, (price, size) in _PRICES.items():
        if "data" in blob and kind.startswith(known):
            length = len(blob["data"].rstrip("=")) * 3 // 4
            return -(-length // size) * price
    return _FLAT


def described(content: dict[str, Any]) -> str:
    """Say which media a content holds, each with the beginning of its SHA-256; nothing where it has none."""
    found = [
        f"{blob.get('mimeType')} {sha256(decoded(blob.get('data', ''))).hexdigest()[:_SHOWN]}"
        for part in content["parts"]
        for blob in _blobs(part)
    ]
    found += [
        f"{part['fileData'].get('mimeType', 'a file')} at {part['fileData'].get('fileUri')}"
        for part in content["parts"]
        if "fileData" in part
    ]
    count = f"{len(found)} files: " if len(found) > 1 else ""
    return f"I was given {count}{', '.join(found)}." if found else ""


def remembered(body: dict[str, Any]) -> dict[str, Any]:
    """Give a request with `sha256:` and the digest in the place of each medium's bytes."""
    contents = [
        content | {"parts": [_without_bytes(part) for part in content["parts"]]}
        for content in body["contents"]
    ]
    return body | {"contents": contents}


def picture(seed: str) -> dict[str, Any]:
    """Draw a small PNG of one colour, another one for each `seed`, as a part."""
    colour = sha256(seed.encode()).digest()[:3]
    rows = (b"\0" + colour * _SIDE) * _SIDE
    header = pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    data = b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()
    return {"inlineData": {"mimeType": "image/png", "data": data}}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def _blobs(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the inline data of a part; a function's response may carry some too."""
    for each in (part, *part.get("functionResponse", {}).get("parts", ())):
        if "inlineData" in each:
            yield each["inlineData"]


def _without_bytes(part: dict[str, Any]) -> dict[str, Any]:
    if "inlineData" in part:
        blob = part["inlineData"]
        digest = sha256(decoded(blob.get("data", ""))).hexdigest()
        return part | {"inlineData": blob | {"data": f"sha256:{digest}"}}
    response = part.get("functionResponse", {})
    if "parts" in response:
        inner = [_without_bytes(each) for each in response["parts"]]
        return part | {"functionResponse": response | {"parts": inner}}
    return part
