"""What a user may say: something, not too much of it, and no more than a model may be sent."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from backscroll.errors import InvalidRequest, TooLarge
from backscroll.messages.media import mime_of, size_of, split
from backscroll.messages.part import Other, Part
from backscroll.settings import WebSettings, variable


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


def check_fits(said: int, field: str, ceiling: int, *, settings: int = 0) -> None:
    """Refuse a message that could never be sent: all else of a prompt can be left out, the message cannot.

    Where a session's history is, its settings are: there `submit` weighs both, in the step that accepts it.

    Args:
        said: its estimated tokens.
        field: the part of the request that holds it, for the error.
        ceiling: tokens that a model is sent at most.
        settings: the tokens of the session's settings, which go along with every message.

    Raises:
        TooLarge: when both together are above the ceiling.
    """
    if said + settings > ceiling:
        raise over_ceiling(said, field, ceiling, settings)


def over_ceiling(said: int, field: str, ceiling: int, settings: int) -> TooLarge:
    """Give the error of a message that does not fit; see `check_fits`."""
    beside = f"beside the session's settings, which have {settings:,}, " if settings else ""
    most = f"at most {max(ceiling - settings, 0):,} fit below {variable('ceiling_tokens')} ({ceiling:,})"
    return TooLarge(field, f"{field} has an estimated {said:,} tokens; {beside}{most}")
