"""Replies: the pollable records of turns in work."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import Any, Literal

import msgspec

from backscroll.cipher import Cipher
from backscroll.errors import InboxFull, InvalidRequest, NotFound, SessionBusy
from backscroll.messages import tokens
from backscroll.messages.codec import encode_parts
from backscroll.messages.media import Media
from backscroll.messages.message import Usage
from backscroll.messages.part import Part, spoken
from backscroll.messages.said import over_ceiling
from backscroll.origin import UNKNOWN, Origin
from backscroll.origin import encode as encode_origin
from backscroll.session import Session
from backscroll.settings import BudgetSettings
from backscroll.store import content, keys, media
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

    No more than `ceiling` tokens, its session's settings included, can be sent of it, merged or not. `field`
    is what held `parts` in the request, for errors.
    """

    parts: tuple[Part, ...]
    media: Mapping[str, Media] = {}
    model: str | None = None
    on_busy: OnBusy = "queue"
    merged_bytes: int = 64 * 1024
    ceiling: int = BudgetSettings().ceiling_tokens
    field: str = "parts"
    idempotency_key: str | None = None


def new_id() -> str:
    """Make the id of a reply that nobody has yet."""
    return "r_" + token_hex(12)


def idempotency(submission: Submission) -> tuple[str, str]:
    """Give the digest of a submission's idempotency key, and of what must be the same whenever it is used.

    Both are '' where there is no key.
    """
    if submission.idempotency_key is None:
        return "", ""
    said = encode_parts(submission.parts) + b"\0" + (submission.model or "").encode()
    return sha256(submission.idempotency_key.encode()).hexdigest(), sha256(said).hexdigest()


def reused() -> InvalidRequest:
    """Say that an idempotency key came with another message before."""
    return InvalidRequest(
        "Idempotency-Key", "this key was used for another message", code="idempotency_key_reused"
    )


def submit(
    store: Store,
    session: Session,
    submission: Submission,
    reply_id: str | None = None,
    *,
    origin: Origin = UNKNOWN,
    waiter: str = "",
) -> Submitted:
    """Accept a message into the session's inbox.

    `reply_id` is the id for a new reply. A call that fails may be heard all the same: who then answers the
    message himself does so under this id, and the message has one reply whatever comes of the call. `origin`
    goes with the reply to whoever answers it; of one that takes in others, the first one's stays. `waiter` is
    the channel on which a new reply is told when it ends: see `Ended.channel`.

    Raises:
        InboxFull: when too many messages wait.
        SessionBusy: when anything is in work and the client asked to be turned away then.
        InvalidRequest: when the idempotency key was used for another body.
        MediaFull: when the session has no room for the media.
        TooLarge: when it and the session's settings are more than a model may be sent.
        Sealed: when the idempotency key was used under an encryption key that is missing.
        StoreUnavailable: when Redis does not serve.
    """
    reply_id, fingerprints = reply_id or new_id(), _fingerprints(store, session, submission)
    state, *rest = _submit(store, session, submission, reply_id, fingerprints[0], origin, waiter)
    if state == b"reused":
        made = rest[0].decode()
        store.cipher(session).check_tag(made)
        if made in fingerprints:  # the same message, taken for another since the keys were others then
            state, *rest = _submit(store, session, submission, reply_id, made, origin, waiter)
    match state:
        case b"accepted":
            accepted, position, ring, new = rest
            return Submitted(accepted.decode(), position if position >= 0 else None, ring == 1, new == 1)
        case b"reused":
            raise reused()
        case b"no room":
            raise media.full(store, rest[0])
        case b"too large":
            size = tokens.of_parts(submission.parts)
            raise over_ceiling(size, submission.field, submission.ceiling, rest[0])
        case b"busy":
            raise SessionBusy("a reply is in work, and on_busy is reject", delay=TURN)
        case _:
            raise InboxFull(f"{rest[0]} messages wait in this session, no more fit", delay=TURN)


def _submit(
    store: Store,
    session: Session,
    said: Submission,
    reply_id: str,
    fingerprint: str,
    origin: Origin,
    waiter: str,
) -> Any:
    cipher, idem = store.cipher(session), ""
    if digest := idempotency(said)[0]:
        idem = keys.idempotency(session, store.settings.shards, digest)
    return store.run(
        "submit",
        session,
        reply_id,
        content.encode_request(cipher, said.parts),
        said.model or "",
        store.settings.inbox_limit,
        int(store.settings.ring_grace * 1000),
        said.on_busy,
        content.room_for_requests(cipher, said.merged_bytes),
        tokens.of_parts(said.parts),
        said.ceiling,
        idem,
        fingerprint,
        encode_origin(origin) if origin != UNKNOWN else "",
        waiter,
        *media.to_keep(store, session, said.media),
    )


def _fingerprints(store: Store, session: Session, said: Submission) -> tuple[str, ...]:
    """Give all by which this message may be known to an idempotency key, the one to note first."""
    if said.idempotency_key is None:
        return ("",)
    return store.cipher(session).tags("fingerprint", idempotency(said)[1])


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
