"""What a user may say: something, and not too much of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from backscroll.errors import InvalidRequest, TooLarge
from backscroll.messages.media import mime_of, size_of, split
from backscroll.messages.part import Other, Part
from backscroll.settings import WebSettings


def check_said(parts: Iterable[Part], field: str, limits: WebSettings) -> None:
    """Refuse what cannot be a user's message.

    Args:
        parts: what was said.
        field: the part of the request that holds it, for the error.
        limits: how much there may be of it. A text in a file counts as a text.

    Raises:
        InvalidRequest: when nothing was said.
        TooLarge: when there is too much of it.
    """
    said, media, something = 0, 0, False
    for part in parts:
        if not isinstance(part, Other):
            said += len(part.text.encode())
            something = something or bool(part.text.strip())
            continue
        something = True
        rest, blobs = split(part)
        said += len(msgspec.json.encode(rest)) if rest else 0
        said += sum(size_of(blob) for blob in blobs if mime_of(blob).startswith("text/"))
        media += sum(map(size_of, blobs))
    if not something:
        raise InvalidRequest(field, f"{field} must not be empty")
    if said > limits.message_bytes:
        most = f"at most {limits.message_bytes:,} are accepted"
        raise TooLarge(field, f"{field} has {said:,} bytes of UTF-8; {most}")
    if media > limits.media_bytes:
        raise TooLarge(
            field, f"{field} has {media:,} bytes of media; at most {limits.media_bytes:,} are accepted"
        )
