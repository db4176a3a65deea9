"""Replies: the pollable records of turns in work."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import Any, Literal

import msgspec

from backscroll.errors import InboxFull, InvalidRequest, NotFound, SessionBusy
from backscroll.messages.codec import decode_parts, encode_parts
from backscroll.messages.media import Media
from backscroll.messages.message import Usage
from backscroll.messages.part import Part, spoken
from backscroll.session import Session
from backscroll.store import keys, media
from backscroll.store.redis import Store, table

Status = Literal["queued", "in_progress", "completed", "failed", "cancelled", "incomplete"]
TERMINAL: frozenset[Status] = frozenset({"completed", "failed", "cancelled", "incomplete"})

OnBusy = Literal["queue", "reject", "merge"]

# What a client that was turned away is told to wait, in seconds: about a turn.
TURN = 2.0


class ReplyError(msgspec.Struct, frozen=True):
    """Why a reply failed, and whether the client may post the message again."""

    code: str
    message: str
    retryable: bool


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One reply as it stands. Times are milliseconds since 1970; `position` counts the replies before it."""

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

    @property
    def ended(self) -> bool:
        """Tell whether nothing about this reply will change any more."""
        return self.status in TERMINAL

    @property
    def text(self) -> str:
        """The answer as a person would read it."""
        return spoken(self.parts)


class Submitted(msgspec.Struct, frozen=True):
    """An accepted message: its reply, how many are before it, and whether the doorbell must ring.

    `new` is False when the same message had been accepted before.
    """

    reply_id: str
    position: int | None
    ring: bool
    new: bool


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the client posted it. `model` overrides the deployment's for this message.

    `media` are those that `parts` refer to, by their SHA-256.

    `on_busy` decides when anything waits or is in work: the message queues, is rejected, or is merged into
    the last one that waits, up to `merged_bytes` of JSON for both.
    """

    parts: tuple[Part, ...]
    media: Mapping[str, Media] = {}
    model: str | None = None
    on_busy: OnBusy = "queue"
    merged_bytes: int = 64 * 1024
    idempotency_key: str | None = None


def submit(store: Store, session: Session, submission: Submission) -> Submitted:
    """Accept a message into the session's inbox.

    Raises:
        InboxFull: when too many messages wait.
        SessionBusy: when anything is in work and the client asked to be turned away then.
        InvalidRequest: when the idempotency key was used for another body.
        MediaFull: when the session has no room for the media.
        StoreUnavailable: when Redis does not serve.
    """
    request = encode_parts(submission.parts)
    idem, fingerprint = "", ""
    if submission.idempotency_key is not None:
        digest = sha256(submission.idempotency_key.encode()).hexdigest()
        idem = keys.idempotency(session, store.settings.shards, digest)
        fingerprint = sha256(request + b"\0" + (submission.model or "").encode()).hexdigest()
    state, *rest = store.run(
        "submit",
        session,
        "r_" + token_hex(12),
        request,
        submission.model or "",
        store.settings.inbox_limit,
        int(store.settings.ring_grace * 1000),
        submission.on_busy,
        submission.merged_bytes,
        idem,
        fingerprint,
        *media.to_keep(store, submission.media),
    )
    match state:
        case b"accepted":
            reply_id, position, ring, new = rest
            return Submitted(reply_id.decode(), position if position >= 0 else None, ring == 1, new == 1)
        case b"reused":
            raise InvalidRequest(
                "Idempotency-Key", "this key was used for another message", code="idempotency_key_reused"
            )
        case b"no room":
            raise media.full(store, rest[0])
        case b"busy":
            raise SessionBusy("a reply is in work, and on_busy is reject", delay=TURN)
        case _:
            raise InboxFull(f"{rest[0]} messages wait in this session, no more fit", delay=TURN)


def read(store: Store, session: Session, reply_id: str) -> Reply:
    """Read a reply.

    Raises:
        NotFound: when the session has no such reply.
        StoreUnavailable: when Redis does not serve.
    """
    flat, position = store.run("read_reply", session, reply_id)
    if b"status" not in flat[::2]:  # none, or the record of a message that was merged into another's reply
        raise NotFound(f"session {session.id} has no reply {reply_id!r}")
    return _reply(session, reply_id, table(flat), position)


def cancel(store: Store, session: Session, reply_id: str) -> bool:
    """End a reply that is not wanted any more; one that has ended stays as it is.

    Returns:
        Whether the doorbell must ring for the next one.

    Raises:
        NotFound: when the session has no such reply.
    """
    state, *rest = store.run("cancel", session, reply_id, keys.DROPPED)
    if state == b"missing":
        raise NotFound(f"session {session.id} has no reply {reply_id!r}")
    return bool(rest[0])


def _reply(session: Session, reply_id: str, fields: dict[str, bytes], position: int) -> Reply:
    def decoded(name: str, kind: Any) -> Any:
        return msgspec.json.decode(fields[name], type=kind) if name in fields else None

    return Reply(
        id=reply_id,
        session=session,
        status=msgspec.convert(fields["status"].decode(), type=Status),
        parts=decode_parts(fields["parts"]) if "parts" in fields else (),
        usage=decoded("usage", Usage),
        model=fields["answered_by"].decode() if "answered_by" in fields else None,
        error=decoded("error", ReplyError),
        attempts=int(fields["attempts"]),
        position=position if position >= 0 else None,
        seq=decoded("seq", int),
        created_at=int(fields["created_at"]),
        started_at=decoded("started_at", int),
        finished_at=decoded("finished_at", int),
    )
