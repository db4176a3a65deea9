"""Messages as clients post them, and how one is accepted: a reply is put on the session's inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from secrets import token_hex
from typing import Any, Literal

import msgspec

from backscroll.bells import Bell
from backscroll.errors import InboxFull, InvalidRequest, SessionBusy
from backscroll.messages import tokens
from backscroll.messages.codec import encode_parts
from backscroll.messages.media import Media
from backscroll.messages.part import Part
from backscroll.messages.said import over_ceiling
from backscroll.origin import UNKNOWN, Origin
from backscroll.origin import encode as encode_origin
from backscroll.session import Session
from backscroll.settings import BudgetSettings
from backscroll.store import content, keys, media
from backscroll.store.redis import Store
from backscroll.store.replies import TURN

OnBusy = Literal["queue", "reject", "merge"]


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
    bell: Bell | None = None,
) -> Submitted:
    """Accept a message into the session's inbox.

    `reply_id` is the id for a new reply. A call that fails may be heard all the same: who then answers the
    message himself does so under this id, and the message has one reply whatever comes of the call. `origin`
    goes with the reply to whoever answers it; of one that takes in others, the first one's stays. `waiter` is
    the channel on which a new reply is told when it ends: see `Ended.channel`. `bell` is rung in the same
    step if nobody would hear of the message else; where there is none, or it is refused, `ring` asks for it.

    Raises:
        InboxFull: when too many messages wait.
        SessionBusy: when anything is in work and the client asked to be turned away then.
        InvalidRequest: when the idempotency key was used for another body.
        MediaFull: when the session has no room for the media.
        TooLarge: when it and the session's settings are more than a model may be sent.
        Sealed: when the idempotency key was used under an encryption key that is missing.
        StoreUnavailable: when Redis does not serve.
    """
    reply_id, cipher = reply_id or new_id(), store.cipher(session)
    key, same = idempotency(submission)
    idem = keys.idempotency(session, store.settings.shards, key) if key else ""
    # All by which this message may be known to the key, the one to note first.
    fingerprints = cipher.tags("fingerprint", same) if key else ("",)

    def post(fingerprint: str) -> Any:
        return store.run(
            "submit",
            session,
            reply_id,
            content.encode_request(cipher, submission.parts),
            submission.model or "",
            store.settings.inbox_limit,
            int(store.settings.ring_grace * 1000),
            submission.on_busy,
            content.room_for_requests(cipher, submission.merged_bytes),
            tokens.of_parts(submission.parts),
            submission.ceiling,
            idem,
            fingerprint,
            encode_origin(origin) if origin != UNKNOWN else "",
            waiter,
            *(("", "", "") if bell is None else (bell.database, bell.queue, bell.message)),
            *media.to_keep(store, session, submission.media),
        )

    state, *rest = post(fingerprints[0])
    if state == b"reused":
        made = rest[0].decode()
        cipher.check_tag(made)
        if made in fingerprints:  # the same message, taken for another since the keys were others then
            state, *rest = post(made)
    return _submitted(store, submission, state, rest)


def _submitted(store: Store, submission: Submission, state: bytes, rest: Sequence[Any]) -> Submitted:
    """Read what the script says: accepted, or why not."""
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
