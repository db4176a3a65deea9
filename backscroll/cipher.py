"""What the store asks of a session's cipher, and the one that a deployment without keys has.

A sealed value begins with a byte that no text, no archive block and no media begin with, since it never
occurs in UTF-8. So what was stored before the deployment had keys is told from what is sealed, and still
loads; and a process without keys never takes sealed bytes for content.
"""

from __future__ import annotations

import re
from typing import Literal, Protocol

from backscroll.errors import Sealed
from backscroll.metrics import SEALED

Kind = Literal[
    "message",
    "chapter",
    "ledger",
    "archive",
    "request",
    "answer",
    "error",
    "media",
    "settings",
    "event",
    "spool",
]
TagKind = Literal["fingerprint", "media"]

# Then the length of the key's id, the id, 12 bytes of nonce, and the sealed value with its tag of 16 bytes.
FORM = b"\xff"
_ID = re.compile(rb"[A-Za-z0-9_.-]{1,32}")


class Cipher(Protocol):
    """Seals what is stored of one session, and opens it again."""

    @property
    def seals(self) -> bool:
        """Tell whether what is written from here on is sealed."""
        ...

    def seal(self, kind: Kind, value: bytes, place: str = "") -> bytes:
        """Give `value` as it is stored. It opens only in this session, as this kind, at this place."""
        ...

    def open(self, kind: Kind, stored: bytes, place: str = "") -> bytes:
        """Undo `seal`; what was stored without a key is given as it is.

        Raises:
            Sealed: when its key is not among this process's, or it is not what was sealed there.
        """
        ...

    def tags(self, kind: TagKind, digest: str) -> tuple[str, ...]:
        """Give what may stand in the store for a digest of content; the first is what is written now.

        A plain digest lets whoever has a dump confirm a guess of the content: with keys, it is keyed too. The
        others are those that were written under an earlier key, or without one.
        """
        ...

    def check_tag(self, tag: str) -> None:
        """Return when `tag` could be one of `tags`.

        Raises:
            Sealed: when it was made with a key that is not here, so that nothing can be said about it.
        """
        ...


class Plain:
    """Seals nothing: the deployment has no keys."""

    seals = False

    def seal(self, kind: Kind, value: bytes, place: str = "") -> bytes:
        """Give the value itself."""
        return value

    def open(self, kind: Kind, stored: bytes, place: str = "") -> bytes:
        """Give the value itself, unless it is sealed."""
        if stored.startswith(FORM):
            raise no_key(kind, key_id(stored))
        return stored

    def tags(self, kind: TagKind, digest: str) -> tuple[str, ...]:
        """Give the digest itself."""
        return (digest,)

    def check_tag(self, tag: str) -> None:
        """Refuse a tag that was made with a key."""
        made_with, colon, _ = tag.partition(":")
        if colon:
            raise no_key("digest", made_with)


PLAIN = Plain()


def key_id(stored: bytes) -> str:
    """Read the id of the key with which a value was sealed; "" where there is none to be read."""
    found = _ID.fullmatch(stored[2 : 2 + stored[1]]) if len(stored) > 1 else None
    return found.group().decode() if found else ""


def no_key(kind: str, key_id: str) -> Sealed:
    """Say, and count, that a value needs a key that this process does not have."""
    SEALED.labels("no_key").inc()
    if not key_id:
        return Sealed(f"what is stored as {kind} is damaged: it names no key")
    return Sealed(
        f"what is stored as {kind} is sealed with the key {key_id!r}, "
        "which BACKSCROLL_ENCRYPTION_KEYS does not list"
    )


def not_authentic(kind: str, key_id: str) -> Sealed:
    """Say, and count, that a value is not what was sealed at its place."""
    SEALED.labels("not_authentic").inc()
    return Sealed(
        f"what is stored as {kind} does not authenticate with the key {key_id!r}: "
        "it was changed or moved, or the key is another one of this id"
    )
