"""A degraded turn as one line of a spool: `1 CRC32 {…}`, a form, a checksum in hexadecimal, and JSON.

The line is written in one go, and the checksum tells a whole one from what a crash has left of one. Media are
in it as base64: where the store is away, there is nowhere else for them.
"""

from __future__ import annotations

from zlib import crc32

import msgspec

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


class _Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    session: str
    reply: str
    reason: str
    accepted_at: int
    finished_at: int
    request: msgspec.Raw
    answer: _Answer | None = None
    error: ReplyError | None = None
    media: dict[str, Media] = {}
    model: str | None = None
    idempotency: tuple[str, str] = ("", "")


_decoder = msgspec.json.Decoder(_Record)


def encode(turn: DegradedTurn) -> bytes:
    """Give a turn as its line, with the newline at its end."""
    answer = turn.answer
    body = msgspec.json.encode(
        _Record(
            session=str(turn.session),
            reply=turn.reply_id,
            reason=turn.reason,
            accepted_at=turn.accepted_at,
            finished_at=turn.finished_at,
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
            model=turn.model,
            idempotency=turn.idempotency,
        )
    )
    return b"%s %08x %s\n" % (FORM, crc32(body), body)


def decode(line: bytes) -> DegradedTurn:
    """Read a line, with or without its newline.

    Raises:
        ValueError: when it is not a whole one, or of a form that this version does not know.
    """
    form, _, rest = line.rstrip(b"\n").partition(b" ")
    checksum, _, body = rest.partition(b" ")
    if form != FORM or checksum != b"%08x" % crc32(body):
        raise ValueError("not a whole line of a spool")
    found = _decoder.decode(body)
    answer = found.answer
    return DegradedTurn(
        session=Session.parse(found.session),
        reply_id=found.reply,
        reason=found.reason,
        accepted_at=found.accepted_at,
        finished_at=found.finished_at,
        request=decode_parts(found.request),
        answer=Answered(
            parts=decode_parts(answer.parts),
            model=answer.model,
            asked=answer.asked,
            usage=answer.usage,
            complete=answer.complete,
        )
        if answer
        else None,
        error=found.error,
        media=found.media,
        model=found.model,
        idempotency=found.idempotency,
    )
