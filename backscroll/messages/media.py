"""Media apart from the messages that show them: in a message stands a reference, the bytes lie elsewhere.

A photograph is a megabyte that every claim, page of the history and archive block would carry along. So
its base64 gives way to `{"mimeType": …, "sha256": …, "size": …}`, and comes back only on the way to a model.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from backscroll.messages.part import Other, Part

Blob = Mapping[str, Any]

_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
MIME = rf"^{_NAME}/{_NAME}(?: ?; ?{_NAME}={_NAME}){{0,4}}\Z"
_MIME = re.compile(MIME)

_BLOBS = frozenset({"inlineData", "inline_data"})
# What a tool is given and gives back is its own: it is shown and sent as it is, whatever it looks like.
_OF_TOOLS = frozenset({"args", "response"})


class Media(msgspec.Struct, frozen=True):
    """A picture, a recording, a document: what kind it is ("" where nobody said), and its bytes."""

    mime: str
    data: bytes


def inline(mime: str, data: bytes) -> Other:
    """Make a part of media, as the SDK writes it."""
    shown = {"mimeType": mime, "data": urlsafe_b64encode(data).decode()}
    return Other({"type": "inline_data", "inlineData": shown})


def apart(media: Media) -> tuple[str, Other]:
    """Give the SHA-256 of media, and the part that refers to them: as `detach` would, of `inline`."""
    digest = sha256(media.data).hexdigest()
    shown = {"mimeType": media.mime, "sha256": digest, "size": len(media.data)}
    return digest, Other({"type": "inline_data", "inlineData": shown})


def detach(parts: Iterable[Part]) -> tuple[tuple[Part, ...], dict[str, Media]]:
    """Put references in the place of all media.

    Returns:
        The parts, and what they refer to by its SHA-256. Media whose base64 would not come back as it was
        written stay where they are.
    """
    found: dict[str, Media] = {}

    def refer(blob: Blob) -> Blob:
        data = _decoded(blob)
        if data is None:
            return blob
        digest = sha256(data).hexdigest()
        found.setdefault(digest, Media(mime_of(blob), data))
        rest = {name: value for name, value in blob.items() if name != "data"}
        return rest | {"sha256": digest, "size": len(data)}

    return tuple(_mapped(part, refer) for part in parts), found


def attach(parts: Iterable[Part], found: Mapping[str, Media]) -> tuple[Part, ...]:
    """Undo `detach`: put the media that were found in the place of what refers to them."""

    def fill(blob: Blob) -> Blob:
        digest = reference(blob)
        if digest is None or digest not in found:
            return blob
        rest = {name: value for name, value in blob.items() if name not in ("sha256", "size")}
        return rest | {"data": urlsafe_b64encode(found[digest].data).decode()}

    return tuple(_mapped(part, fill) for part in parts)


def is_media(part: Other) -> bool:
    """Tell whether a part is media itself, and not something that has some."""
    return any(isinstance(part.raw.get(name), dict) for name in _BLOBS)


def split(part: Other) -> tuple[dict[str, Any], list[Blob]]:
    """Give what else a part holds (nothing, where it is media alone), and its media or references to them."""
    blobs: list[Blob] = []
    rest: dict[str, Any] = _walked(dict(part.raw), blobs.append)
    return ({} if blobs and rest.keys() <= {"type"} else rest), blobs


def without(part: Other, unwanted: Callable[[Blob], bool]) -> Other:
    """Give a part without those of its media that are not wanted."""
    return Other(_walked(dict(part.raw), lambda blob: None if unwanted(blob) else blob))


def reference(blob: Blob) -> str | None:
    """Give the SHA-256 of media that lie elsewhere; None for such as are here."""
    found = blob.get("sha256")
    return found if isinstance(found, str) and "data" not in blob else None


def mime_of(blob: Blob) -> str:
    """Tell what kind of media these are; "" where that is not said, or in no form that anybody knows."""
    found = blob.get("mimeType", blob.get("mime_type"))
    return found if isinstance(found, str) and _MIME.match(found) else ""


def size_of(blob: Blob) -> int:
    """Tell how many bytes media have, here or elsewhere."""
    data, size = blob.get("data"), blob.get("size")
    if isinstance(data, str):
        return len(data) * 3 // 4 - data[-2:].count("=")
    return size if isinstance(size, int) else 0


def _decoded(blob: Blob) -> bytes | None:
    data = blob.get("data")
    if not isinstance(data, str) or not data or "sha256" in blob or "size" in blob:
        return None
    try:
        decoded = urlsafe_b64decode(data)
    except ValueError:
        return None
    return decoded if urlsafe_b64encode(decoded) == data.encode() else None


def _mapped(part: Part, change: Callable[[Blob], Blob]) -> Part:
    if not isinstance(part, Other):
        return part
    changed = _walked(dict(part.raw), change)
    return Other(changed) if changed != part.raw else part


def _walked(value: Any, change: Callable[[Blob], Blob | None]) -> Any:
    """Rebuild JSON with each of its media changed; what `change` makes None of is left out."""
    if isinstance(value, list):
        walked = ((each, _walked(each, change)) for each in value)
        return [new for old, new in walked if new or not old]
    if not isinstance(value, dict):
        return value
    rebuilt = {}
    for name, inner in value.items():
        if name in _BLOBS and isinstance(inner, dict):
            inner = change(inner)
            if inner is None:
                continue
        elif name not in _OF_TOOLS:
            inner = _walked(inner, change)
        rebuilt[name] = inner
    return rebuilt
