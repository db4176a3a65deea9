"""Reading posted parts: each is held against its own form, and written as it is stored."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from backscroll.errors import InvalidRequest
from backscroll.messages.media import MIME, Media, apart
from backscroll.messages.part import Other, Part, Text
from web.places import place

_FUNCTION = r"^[A-Za-z0-9_.:-]{1,128}\Z"  # Gemini's own rule
_URI = r"^(?:https?|gs)://[^\s\x00-\x1f\x7f]+\Z"
# Nobody's data are so deep, and whatever walks through them may trust that.
_DEEPEST = 64

# Clients of Gemini write either; the stored form has one.
_SPELLINGS = {
    "inline_data": "inlineData",
    "file_data": "fileData",
    "function_response": "functionResponse",
    "mime_type": "mimeType",
    "file_uri": "fileUri",
}
_STANDARD = bytes.maketrans(b"-_", b"+/")

Mime = Annotated[str, Meta(max_length=256, pattern=MIME)]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    pass


class InlineData(_Body, frozen=True):
    """Media within the request, as base64 of either alphabet, with or without its padding."""

    mime_type: Mime
    data: Annotated[str, Meta(min_length=1)]


class FileData(_Body, frozen=True):
    """Media that lie where the model can get them."""

    file_uri: Annotated[str, Meta(max_length=2048, pattern=_URI)]
    mime_type: Mime | None = None


class FunctionResponse(_Body, frozen=True):
    """What a function gave back that the model has called."""

    name: Annotated[str, Meta(pattern=_FUNCTION)]
    response: dict[str, Any]
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class PartBody(_Body, frozen=True):
    """A part as a client posts it: exactly one of these, and its type where the client wants to say it."""

    type: Literal["text", "inline_data", "file_data", "function_response"] | UnsetType = UNSET
    text: str | UnsetType = UNSET
    inline_data: InlineData | UnsetType = UNSET
    file_data: FileData | UnsetType = UNSET
    function_response: FunctionResponse | UnsetType = UNSET


def read_parts(posted: Sequence[Mapping[str, Any]], field: str) -> tuple[tuple[Part, ...], dict[str, Media]]:
    """Read the parts of a message.

    Args:
        posted: as they came.
        field: the part of the request that holds them, for the error.

    Returns:
        The parts as they are stored, and the media that they refer to by their SHA-256.

    Raises:
        InvalidRequest: when one of them is wrong; the error names the place.
    """
    media: dict[str, Media] = {}
    parts = tuple(_part(each, f"{field}[{number}]", media) for number, each in enumerate(posted))
    return parts, media


def _part(posted: Mapping[str, Any], at: str, media: dict[str, Media]) -> Part:
    spelled = _spelled(posted, at)
    try:
        body = msgspec.convert(spelled, PartBody)
    except msgspec.ValidationError as error:
        raise InvalidRequest(place(str(error), at), str(error)) from None
    held = [name for name in PartBody.__struct_fields__[1:] if getattr(body, name) is not UNSET]
    if len(held) != 1:
        raise InvalidRequest(at, "a part holds one of text, inlineData, fileData and functionResponse")
    if body.type not in (UNSET, held[0]):
        raise InvalidRequest(f"{at}.type", f"this part is of the type {held[0]!r}")
    if isinstance(body.text, str):
        return Text(body.text)
    if isinstance(body.inline_data, InlineData):
        data = _decoded(body.inline_data.data, f"{at}.inlineData.data")
        found = Media(body.inline_data.mime_type, data)
        digest, part = apart(found)
        media.setdefault(digest, found)
        return part
    if isinstance(body.function_response, FunctionResponse):
        check_depth(body.function_response.response, f"{at}.functionResponse.response")
    (written,) = ((name, value) for name, value in spelled.items() if name != "type")
    name, value = written
    return Other({"type": held[0], name: {key: each for key, each in value.items() if each is not None}})


def _spelled(posted: Mapping[str, Any], at: str) -> dict[str, Any]:
    """Write the names of a part and of its fields in one way; what it holds is left alone."""
    spelled = _renamed(posted, at)
    return {
        name: _renamed(value, f"{at}.{name}") if isinstance(value, dict) else value
        for name, value in spelled.items()
    }


def _renamed(posted: Mapping[str, Any], at: str) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    for name, value in posted.items():
        spelled = _SPELLINGS.get(name, name)
        if spelled in renamed:
            raise InvalidRequest(f"{at}.{spelled}", "stands there twice, in two spellings")
        renamed[spelled] = value
    return renamed


def _decoded(data: str, at: str) -> bytes:
    standard, url_safe = "+" in data or "/" in data, "-" in data or "_" in data
    try:
        if standard and url_safe:
            raise ValueError("two alphabets in one")
        written = data.encode("ascii")
        if url_safe:
            written = written.translate(_STANDARD)
        if not written.endswith(b"="):
            written += b"=" * (-len(written) % 4)
        elif len(written) % 4:
            raise ValueError("its padding is wrong")
        return binascii.a2b_base64(written, strict_mode=True)
    except ValueError as error:
        raise InvalidRequest(at, f"this is not base64: {error}") from None


def check_depth(value: Any, at: str) -> None:
    """Refuse what is so deep that some of those who read or write it could, and others could not.

    Raises:
        InvalidRequest: for what is deeper than any data or schema.
    """
    level = [value]
    for _ in range(_DEEPEST):
        held = chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level)
        level = [each for each in held if isinstance(each, dict | list)]
        if not level:
            return
    raise InvalidRequest(at, f"is nested more than {_DEEPEST} levels deep")
