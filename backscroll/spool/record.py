"""A degraded turn as one line of a spool: `1 CRC32 {…}`, a form, a checksum in hexadecimal, and JSON.

The line is written in one go, and the checksum tells a whole one from what a crash has left of one. What was
said is one value in it, which is sealed where the store's values are. Media are there as base64: while the
store is away, there is nowhere else for them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from zlib import crc32

import msgspec

from backscroll.cipher import Cipher
from backscroll.messages.codec import decode_parts, encode_parts
from backscroll.messages.media import Media
from backscroll.messages.message import Usage
from backscroll.session import Session
from backscroll.store.recover import Answered, DegradedTurn
from backscroll.store.replies import ReplyError

FORM = b"1"


class _Answer(msgspec.Struct, kw_only=True, omit_defaults=True):
    parts: msgspec.Raw
    model: str
    asked: str
    usage: Usage
    complete: bool = True


class _Said(msgspec.Struct, kw_only=True, omit_defaults=True):
    request: msgspec.Raw
    answer: _Answer | None = None
    error: ReplyError | None = None
    media: dict[str, Media] = {}
    fingerprint: str = ""


class _Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    session: str
    reply: str
    reason: str
    accepted_at: int
    finished_at: int
    said: msgspec.Raw
    model: str | None = None
    idempotency: str = ""


_record = msgspec.json.Decoder(_Record)
_said = msgspec.json.Decoder(_Said)


def encode(turn: DegradedTurn, cipher: Cipher) -> bytes:
    """Give a turn as its line, with the newline at its end; `cipher` is its session's."""
    answer = turn.answer
    key, fingerprint = turn.idempotency
    said = msgspec.json.encode(
        _Said(
            request=msgspec.Raw(encode_parts(turn.request)),
            answer=_Answer(
                parts=msgspec.Raw(encode_parts(answer.parts)),
                model=answer.model,
                asked=answer.asked,
                usage=answer.usage,
                complete=answer.complete,
            )
            if answer
            else None,
            error=turn.error,
            media=dict(turn.media),
            fingerprint=fingerprint,
        )
    )
    if cipher.seals:
        said = msgspec.json.encode(b64encode(cipher.seal("spool", said, turn.reply_id)).decode())
    body = msgspec.json.encode(
        _Record(
            session=str(turn.session),
            reply=turn.reply_id,
            reason=turn.reason,
            accepted_at=turn.accepted_at,
            finished_at=turn.finished_at,
            said=msgspec.Raw(said),
            model=turn.model,
            idempotency=key,
        )
    )
    return b"%s %08x %s\n" % (FORM, crc32(body), body)


def decode(line: bytes, ciphers: Callable[[Session], Cipher]) -> DegradedTurn:
    """Read a line, with or without its newline; `ciphers` gives each session's.

    Raises:
        ValueError: when it is not a whole one, or of a form that this version does not know.
        Sealed: when the key of what was said is missing.
    """
    form, _, rest = line.rstrip(b"\n").partition(b" ")
    checksum, _, body = rest.partition(b" ")
    if form != FORM or checksum != b"%08x" % crc32(body):
        raise ValueError("not a whole line of a spool")
    found = _record.decode(body)
    session = Session.parse(found.session)
    stored = bytes(found.said)
    if stored.startswith(b'"'):
        sealed = b64decode(msgspec.json.decode(stored, type=str))
        stored = ciphers(session).open("spool", sealed, found.reply)
    said = _said.decode(stored)
    answer = said.answer
    return DegradedTurn(
        session=session,
        reply_id=found.reply,
        reason=found.reason,
        accepted_at=found.accepted_at,
        finished_at=found.finished_at,
        request=decode_parts(said.request),
        answer=Answered(
            parts=decode_parts(answer.parts),
            model=answer.model,
            asked=answer.asked,
            usage=answer.usage,
            complete=answer.complete,
        )
        if answer
        else None,
        error=said.error,
        media=said.media,
        model=found.model,
        idempotency=(found.idempotency, said.fingerprint),
    )
