"""Replies: the pollable records of turns in work."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from backscroll.cipher import Cipher
from backscroll.errors import NotFound
from backscroll.messages.message import Usage
from backscroll.messages.part import Part, spoken
from backscroll.session import Session
from backscroll.store import content, keys
from backscroll.store.redis import Store, table

Status = Literal["queued", "in_progress", "completed", "failed", "cancelled", "incomplete"]
TERMINAL: frozenset[Status] = frozenset({"completed", "failed", "cancelled", "incomplete"})

# What a client that was turned away is told to wait, in seconds: about a turn.
TURN = 2.0


class ReplyError(msgspec.Struct, frozen=True):
    """Why a reply failed, and whether the client may post the message again."""

    code: str
    message: str
    retryable: bool


def encode_error(cipher: Cipher, reply_id: str, error: ReplyError) -> bytes:
    """Give an error as its reply holds it: what a provider says of a prompt may quote it."""
    return cipher.seal("error", msgspec.json.encode(error), reply_id)


def decode_error(cipher: Cipher, reply_id: str, stored: bytes) -> ReplyError:
    """Read an error; one that a script wrote is not sealed, and says nothing of what was said."""
    return msgspec.json.decode(cipher.open("error", stored, reply_id), type=ReplyError)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One reply as it stands. Times are milliseconds since 1970; `position` counts the replies before it.

    `degraded` is why it was answered without the history, if it was. Such a turn comes into the history
    later, unless it could not be `recorded`.
    """

    id: str
    session: Session
    status: Status
    parts: tuple[Part, ...] = ()
    usage: Usage | None = None
    model: str | None = None
    error: ReplyError | None = None
    attempts: int = 0
    position: int | None = None
    seq: int | None = None
    created_at: int
    started_at: int | None = None
    finished_at: int | None = None
    degraded: str | None = None
    recorded: bool = True

    @property
    def ended(self) -> bool:
        """Tell whether nothing about this reply will change any more."""
        return self.status in TERMINAL

    @property
    def text(self) -> str:
        """The answer as a person would read it."""
        return spoken(self.parts)


def read(store: Store, session: Session, reply_id: str) -> Reply:
    """Read a reply.

    Raises:
        NotFound: when the session has no such reply.
        Sealed: when the key of what it holds is missing.
        StoreUnavailable: when Redis does not serve.
    """
    flat, position = store.run("read_reply", session, reply_id)
    if b"status" not in flat[::2]:  # none, or the record of a message that was merged into another's reply
        raise NotFound(f"session {session.id} has no reply {reply_id!r}")
    return _reply(store.cipher(session), session, reply_id, table(flat), position)


def told(store: Store, session: Session, reply_id: str, fields: bytes) -> Reply:
    """Read a reply as the channel of who waits for it tells it (lua/parts/reply.lua).

    Raises:
        Sealed: when the key of what it holds is missing.
    """
    flat, at = list[bytes](), 0
    while at < len(fields):
        begins = fields.index(b":", at) + 1
        ends = begins + int(fields[at : begins - 1])
        flat.append(fields[begins:ends])
        at = ends + 1
    return _reply(store.cipher(session), session, reply_id, table(flat), -1)


def cancel(store: Store, session: Session, reply_id: str) -> bool:
    """End a reply that is not wanted any more; one that has ended stays as it is.

    Returns:
        Whether the doorbell must ring for the next one.

    Raises:
        NotFound: when the session has no such reply.
        StoreUnavailable: when Redis does not serve. It may be cancelled all the same.
    """
    state, *rest = store.run("cancel", session, reply_id, keys.DROPPED)
    if state == b"missing":
        raise NotFound(f"session {session.id} has no reply {reply_id!r}")
    return bool(rest[0])


def _reply(cipher: Cipher, session: Session, reply_id: str, fields: dict[str, bytes], position: int) -> Reply:
    def decoded(name: str, kind: Any) -> Any:
        return msgspec.json.decode(fields[name], type=kind) if name in fields else None

    return Reply(
        id=reply_id,
        session=session,
        status=msgspec.convert(fields["status"].decode(), type=Status),
        parts=content.decode_answer(cipher, reply_id, fields["parts"]) if "parts" in fields else (),
        usage=decoded("usage", Usage),
        model=fields["answered_by"].decode() if "answered_by" in fields else None,
        error=decode_error(cipher, reply_id, fields["error"]) if "error" in fields else None,
        attempts=int(fields["attempts"]),
        position=position if position >= 0 else None,
        seq=decoded("seq", int),
        created_at=int(fields["created_at"]),
        started_at=decoded("started_at", int),
        finished_at=decoded("finished_at", int),
        degraded=fields["degraded"].decode() if "degraded" in fields else None,
    )
