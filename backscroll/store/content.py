"""What people and models said, as it is stored: encoded and then sealed, opened and then decoded.

Here content becomes bytes in Redis, and content again; only events and errors, which belong to one reply
each, are sealed where they are made (`events`, `replies`). Without keys a cipher changes nothing, and what is
stored is what the codecs write. Not sealed is what scripts have to read, or operators want to: ids, seqs,
ranges, times, statuses, token counts and the names of models.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from backscroll import session_settings
from backscroll.cipher import Cipher
from backscroll.decoding import read
from backscroll.ledger import changes as ledger_changes
from backscroll.ledger import ledger as ledgers
from backscroll.messages import archive, codec
from backscroll.messages import chapter as chapters
from backscroll.messages.chapter import Chapter
from backscroll.messages.media import Media
from backscroll.messages.message import Message
from backscroll.messages.part import Part, from_stored
from backscroll.session_settings import SessionSettings

_requests = msgspec.json.Decoder(list[dict[str, Any] | str])


def encode_message(cipher: Cipher, message: Message) -> bytes:
    """Give a message as the live list holds it."""
    return cipher.seal("message", codec.encode(message))


def open_messages(cipher: Cipher, stored: Iterable[bytes]) -> tuple[bytes, ...]:
    """Give live messages as they were encoded: what goes to the archive, to the byte."""
    return tuple(cipher.open("message", each) for each in stored)


def seal_messages(cipher: Cipher, encoded: Iterable[bytes]) -> list[bytes]:
    """Undo `open_messages`: what comes back from the archive."""
    return [cipher.seal("message", each) for each in encoded]


def decode_messages(cipher: Cipher, stored: Iterable[bytes]) -> tuple[Message, ...]:
    """Read live messages."""
    return tuple(map(codec.decode, open_messages(cipher, stored)))


def pack_archive(cipher: Cipher, first: int, encoded: Sequence[bytes]) -> list[bytes]:
    """Pack encoded messages into blocks: compressed, then sealed, behind the line that names the range."""
    blocks = []
    for block in archive.pack(first, encoded):
        head, line, body = block.partition(b"\n")
        blocks.append(head + line + cipher.seal("archive", body, head.decode()))
    return blocks


def unpack_archive(cipher: Cipher, block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each message of a block as its seq and as it was encoded."""
    head, line, body = block.partition(b"\n")
    yield from archive.unpack(head + line + cipher.open("archive", body, head.decode(errors="replace")))


def encode_chapter(cipher: Cipher, chapter: Chapter) -> bytes:
    """Give a chapter as it is stored."""
    return cipher.seal("chapter", chapters.encode_chapter(chapter))


def decode_chapters(cipher: Cipher, stored: Iterable[bytes]) -> tuple[Chapter, ...]:
    """Read stored chapters."""
    return tuple(chapters.decode_chapter(cipher.open("chapter", each)) for each in stored)


def encode_ledger(cipher: Cipher, ledger: ledgers.Ledger) -> bytes:
    """Give the ledger as it is stored."""
    return cipher.seal("ledger", ledgers.encode_ledger(ledger))


def decode_ledger(cipher: Cipher, stored: bytes | None) -> ledgers.Ledger:
    """Read a stored ledger; one that was never written is empty."""
    return ledgers.decode_ledger(cipher.open("ledger", stored) if stored else None)


def encode_ledger_change(cipher: Cipher, before: ledgers.Ledger, after: ledgers.Ledger) -> bytes:
    """Give what makes `after` of the ledger `before`, as it is stored beside the whole."""
    return cipher.seal("ledger", ledger_changes.encode_change(before, after), "change")


def apply_ledger_change(cipher: Cipher, before: ledgers.Ledger, stored: bytes) -> ledgers.Ledger:
    """Give the ledger that a stored change makes of `before`."""
    return ledger_changes.apply_change(before, cipher.open("ledger", stored, "change"))


def encode_settings(cipher: Cipher, settings: SessionSettings) -> bytes:
    """Give a session's settings as they are stored: a system instruction is content too."""
    return cipher.seal("settings", session_settings.encode_settings(settings))


def decode_settings(cipher: Cipher, stored: bytes | None) -> SessionSettings:
    """Read stored settings; none were set where there are none."""
    return session_settings.decode_settings(cipher.open("settings", stored) if stored else None)


def encode_request(cipher: Cipher, parts: tuple[Part, ...]) -> bytes:
    """Give what a user said as its reply holds it until it is answered: a JSON array.

    Its elements are parts or, sealed, one string that holds all of them: the script that merges what waits
    joins two arrays without a look inside.
    """
    encoded = codec.encode_parts(parts)
    if not cipher.seals:
        return encoded
    return msgspec.json.encode([b64encode(cipher.seal("request", encoded)).decode()])


def decode_request(cipher: Cipher, stored: bytes) -> tuple[Part, ...]:
    """Read what was said, in one message or in several that were merged."""
    parts: list[Part] = []
    for element in read(_requests, stored):
        if isinstance(element, str):
            parts.extend(codec.decode_parts(cipher.open("request", _unquoted(element))))
        else:
            parts.append(from_stored(element))
    return tuple(parts)


def _unquoted(element: str) -> bytes:
    try:
        return b64decode(element)
    except ValueError:
        raise msgspec.DecodeError("not base64") from None


def room_for_requests(cipher: Cipher, most: int) -> int:
    """Tell how many bytes `most` bytes of merged requests have as they are stored."""
    return -(-most // 3) * 4 if cipher.seals else most


def encode_answer(cipher: Cipher, reply_id: str, parts: tuple[Part, ...]) -> bytes:
    """Give the parts of an answer as its reply holds them."""
    return cipher.seal("answer", codec.encode_parts(parts), reply_id)


def decode_answer(cipher: Cipher, reply_id: str, stored: bytes) -> tuple[Part, ...]:
    """Read the parts of an answer."""
    return codec.decode_parts(cipher.open("answer", stored, reply_id))


def encode_media(cipher: Cipher, digest: str, media: Media) -> bytes:
    """Give media as they are stored: what kind they are, in a line of its own, and their bytes."""
    return cipher.seal("media", media.mime.encode() + b"\n" + media.data, digest)


def decode_media(cipher: Cipher, digest: str, stored: bytes) -> Media:
    """Read stored media."""
    mime, _, data = cipher.open("media", stored, digest).partition(b"\n")
    return Media(mime.decode(errors="replace"), data)
