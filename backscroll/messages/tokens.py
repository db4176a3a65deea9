"""How many tokens something will cost, before a model has counted it.

A quarter of the UTF-8 bytes is right within a third for European languages and Chinese alike. Media count
by their kind and size: never by their base64, which no model reads as text. All of it is a guess: where a
session has been measured (`usage_metadata`), callers scale this estimate by what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from backscroll.messages.media import Blob, mime_of, size_of, split
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part, Text

BYTES_A_TOKEN = 4

# What Gemini counts for a picture in full resolution, and for each page of a document, second of sound,
# second of film; how many bytes one of these usually has; and what it counts where nothing else is known.
_PICTURE = 1_100
_PAGE, _PAGE_BYTES = 560, 100_000
_HEARD, _HEARD_BYTES = 32, 16_000
_SEEN, _SEEN_BYTES = 300, 250_000
_UNKNOWN = 258


def of_text(text: str) -> int:
    """Estimate the tokens of a text."""
    return of_bytes(len(text.encode()))


def of_bytes(size: int) -> int:
    """Estimate the tokens of a text of so many bytes in UTF-8."""
    return -(-size // BYTES_A_TOKEN)


def of_media(mime: str, size: int) -> int:
    """Estimate the tokens of media of this kind and size; 0 where nobody knows the size."""
    if mime.startswith("image/"):
        return _PICTURE
    if mime.startswith("text/"):
        return max(-(-size // BYTES_A_TOKEN), _UNKNOWN)
    for kind, tokens, a_piece in (
        ("application/pdf", _PAGE, _PAGE_BYTES),
        ("audio/", _HEARD, _HEARD_BYTES),
        ("video/", _SEEN, _SEEN_BYTES),
    ):
        if mime.startswith(kind) and size:
            return -(-size // a_piece) * tokens
    return _UNKNOWN


def of_parts(parts: Iterable[Part]) -> int:
    """Estimate the tokens of parts; what is neither text nor media counts as its JSON."""
    return sum(of_text(part.text) if isinstance(part, Text) else _of_other(part) for part in parts)


def of_media_in(parts: Iterable[Part]) -> int:
    """Estimate the tokens of what is to be seen and heard in parts; a text in a file is none of it."""
    others = (split(part) for part in parts if isinstance(part, Other))
    shown = (each for rest, blobs in others for each in _shown(rest, blobs))
    return sum(of_media(mime, size) for mime, size in shown if not mime.startswith("text/"))


def _of_other(part: Other) -> int:
    rest, blobs = split(part)
    media = sum(of_media(mime, size) for mime, size in _shown(rest, blobs))
    return media + (of_bytes(len(msgspec.json.encode(rest))) if rest else 0)


def _shown(rest: Mapping[str, Any], blobs: Iterable[Blob]) -> Iterator[tuple[str, int]]:
    """Yield the kind and the size of a part's media: those in it, and one that lies with the provider."""
    yield from ((mime_of(blob), size_of(blob)) for blob in blobs)
    elsewhere = rest.get("fileData", rest.get("file_data"))
    if isinstance(elsewhere, dict):
        yield mime_of(elsewhere), 0


def of_messages(messages: Iterable[Message]) -> int:
    """Estimate the tokens of messages."""
    return sum(of_parts(message.parts) for message in messages)
