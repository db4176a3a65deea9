"""Degraded turns: answered while the store was away, and written into their sessions when it is back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from backscroll.messages import tokens
from backscroll.messages.media import Media, is_media, without
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Other, Part, Text
from backscroll.session import Session
from backscroll.store import content, keys, media
from backscroll.store.connecting import Argument
from backscroll.store.redis import Store
from backscroll.store.replies import Reply, ReplyError, Status, encode_error

# What became of a turn: it was written, now or before; its message was accepted all the same, and has an
# answer in the history; its session was deleted; the turn is too old to know whether it was (`expired`); or
# somebody holds the session, and the turn has to wait.
Recovered = Literal["merged", "again", "answered", "deleted", "expired", "busy"]

_NO_ROOM = Text("[left out: the session has no room for these media]")


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: `model` is the version that gave it, `asked` the name that it was asked by."""

    parts: tuple[Part, ...]
    model: str
    asked: str
    usage: Usage
    complete: bool


class DegradedTurn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that was answered without its history, for `reason`. Times are milliseconds since 1970.

    It has an `answer`, or an `error` when it failed. `media` are those that request and answer refer to, by
    their SHA-256. `model` is what the client asked for, and `idempotency` what `replies.idempotency` gives.
    """

    session: Session
    reply_id: str
    reason: str
    accepted_at: int
    finished_at: int
    request: tuple[Part, ...]
    answer: Answered | None = None
    error: ReplyError | None = None
    media: Mapping[str, Media] = {}
    model: str | None = None
    idempotency: tuple[str, str] = ("", "")

    @property
    def status(self) -> Status:
        """What its reply's status is."""
        if self.answer is None:
            return "failed"
        return "completed" if self.answer.complete else "incomplete"

    def messages(self, last: int) -> tuple[Message, ...]:
        """Give its two messages behind seq `last`; none, when it failed."""
        if self.answer is None:
            return ()
        answer = self.answer
        return (
            Message(seq=last + 1, role="user", ts=self.accepted_at, parts=self.request, recovered=True),
            Message(
                seq=last + 2,
                role="model",
                ts=self.finished_at,
                parts=answer.parts,
                model=answer.model,
                asked=answer.asked if answer.asked != answer.model else None,
                usage=answer.usage,
                recovered=True,
            ),
        )

    def reply(self, *, recorded: bool) -> Reply:
        """Give its reply, as long as the store does not have it."""
        answer = self.answer
        return Reply(
            id=self.reply_id,
            session=self.session,
            status=self.status,
            parts=answer.parts if answer else (),
            usage=answer.usage if answer else None,
            model=answer.model if answer else None,
            error=self.error,
            attempts=1,
            created_at=self.accepted_at,
            started_at=self.accepted_at,
            finished_at=self.finished_at,
            degraded=self.reason,
            recorded=recorded,
        )


def recover(store: Store, turn: DegradedTurn) -> tuple[Recovered, bool]:
    """Write a degraded turn into its session, once, and respecting the session's lock.

    Its message may have been accepted all the same, by a call whose answer was lost: as long as its reply has
    not ended, this answer becomes the reply's.

    Returns:
        What became of it, and whether the doorbell must ring for what waits in the session.

    Raises:
        StoreUnavailable: when Redis does not serve; the turn may be written or not, and trying again is safe.
    """
    last = 0
    while True:
        state, *rest = store.run("recover", turn.session, *_arguments(store, turn, last))
        match state:
            case b"moved":
                last = int(rest[0])
            case b"no room":
                turn = _without_media(turn)
            case _:
                became: Recovered = state.decode()
                return became, bool(rest and rest[0])


def _arguments(store: Store, turn: DegradedTurn, last: int) -> Iterable[Argument]:
    digest, fingerprint = turn.idempotency
    answer, messages, cipher = turn.answer, turn.messages(last), store.cipher(turn.session)
    return (
        turn.reply_id,
        turn.status,
        turn.accepted_at,
        turn.finished_at,
        turn.reason,
        last,
        *([content.encode_message(cipher, each) for each in messages] or ("", "")),
        tokens.of_messages(messages),
        content.encode_answer(cipher, turn.reply_id, answer.parts) if answer else "",
        answer.model if answer else "",
        msgspec.json.encode(answer.usage) if answer else "",
        encode_error(cipher, turn.reply_id, turn.error) if turn.error else "",
        turn.model or "",
        keys.idempotency(turn.session, store.settings.shards, digest) if digest else "",
        cipher.tags("fingerprint", fingerprint)[0] if digest else "",
        keys.DROPPED,
        *media.to_keep(store, turn.session, turn.media),
    )


def _without_media(turn: DegradedTurn) -> DegradedTurn:
    """Leave the media out, and say so: what was said and answered is worth more than nothing."""
    answer = turn.answer
    if answer is not None:
        answer = msgspec.structs.replace(answer, parts=tuple(map(_left_out, answer.parts)))
    request = tuple(map(_left_out, turn.request))
    return msgspec.structs.replace(turn, request=request, answer=answer, media={})


def _left_out(part: Part) -> Part:
    if not isinstance(part, Other):
        return part
    return _NO_ROOM if is_media(part) else without(part, lambda _: True)
