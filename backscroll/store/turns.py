"""Turns under the session lock: claim, renew, commit, fail, snooze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from backscroll import metrics, origin, tracing
from backscroll.cipher import Cipher
from backscroll.errors import LeaseLost, Sealed
from backscroll.ledger.ledger import Ledger
from backscroll.messages.chapter import Chapter
from backscroll.messages.media import Media
from backscroll.messages.message import Message, Usage
from backscroll.messages.part import Part
from backscroll.origin import UNKNOWN, Origin
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store import content, media, memory
from backscroll.store.connecting import Argument
from backscroll.store.memory import NOTHING, Remembered
from backscroll.store.meter import bucket
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError, encode_error

# What a claim returns of the live messages: more than any ceiling's worth of JSON around a token.
_BYTES_A_TOKEN = 16
# And of meta, in this order.
_OF_CONTEXT = ("last", "watermark", "context_tokens", "estimated", "restored")

# Seconds until a turn that does not open is looked at again: the operator has to find a key first.
SEALED_PAUSE = 15.0


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the model can be sent of a session: its chapters, its ledger, its messages verbatim.

    `last` is the highest seq, `tokens` the size of it all (0: not measured yet), which is `estimated` when
    the model has not counted it since it last changed. `restored`: somebody brought archived messages back.
    """

    chapters: tuple[Chapter, ...] = ()
    ledger: Ledger = Ledger()
    messages: tuple[Message, ...] = ()
    last: int = 0
    watermark: int = 0
    tokens: int = 0
    estimated: bool = False
    restored: bool = False


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A turn in work: what was asked, the session's settings, and the context to answer from.

    `put_off`: an earlier attempt gave it back for a while. `remembered` is what this process need not be told
    of the context's chapters and ledger again.
    """

    session: Session
    token: str
    reply_id: str
    request: tuple[Part, ...]
    model: str | None
    attempt: int
    accepted_at: int
    context: Context
    settings: SessionSettings = SessionSettings()
    put_off: bool = False
    origin: Origin = UNKNOWN
    remembered: Remembered = NOTHING


class Ended(msgspec.Struct, frozen=True):
    """How a turn's end went: the next turn of the same holder if there is one, and which bells to ring."""

    next_turn: Turn | None
    ring: bool
    ring_compaction: bool


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to commit. `tokens` is the size of the context with it; `finished_at` is ms since 1970.

    `model` is the version that answered, `asked` the name that it was asked by. `media` are those that
    `parts` refer to, by their SHA-256.

    `measured`: the whole context was sent, and it is the model that counted it.
    """

    parts: tuple[Part, ...]
    model: str
    asked: str
    usage: Usage
    tokens: int
    measured: bool = False
    complete: bool
    compaction_due: bool
    finished_at: int
    media: Mapping[str, Media] = {}


def claim(store: Store, session: Session, token: str, *, ceiling: int) -> Turn | None:
    """Take the session lock as `token` and the head of the inbox; at most `ceiling` tokens' worth of context.

    Returns:
        The turn, or None when there is nothing to do here: nothing waits, or somebody is at it.

    Raises:
        Sealed: when a key is missing. The turn keeps its place and spends no attempt; it is put off.
        StoreUnavailable: when Redis does not serve.
    """
    remembered = store.memory.of(session)
    state, *rest = store.run("claim", session, token, *_terms(store, ceiling, remembered))
    if state == b"busy":
        metrics.LOCK_BUSY.inc()
    return _taken_up(store, session, token, rest, remembered) if state == b"turn" else None


def renew(store: Store, held: Sequence[tuple[Session, str]]) -> list[bool]:
    """Lengthen many leases in one round trip; False for each that is lost.

    Raises:
        StoreUnavailable: when Redis does not serve. Each may be lengthened all the same, or lost.
    """
    lease = int(store.settings.lock_lease * 1000)
    return [
        kept == 1 for kept in store.run_many("renew", [(session, (token, lease)) for session, token in held])
    ]


def commit(
    store: Store, turn: Turn, answer: Completed, *, go_on: bool, ceiling: int, untold: bytes = b""
) -> Ended:
    """Write the turn: both messages, the reply, the measured tokens; then begin the next turn or let go.

    `untold` are the batches of events that who streams the reply has not been told yet.

    Raises:
        LeaseLost: when the session is not ours any more. Nothing was written.
        MediaFull: when the session has no room for the answer's media. Nothing was written.
        StoreUnavailable: when Redis does not serve. It may be written all the same.
    """
    seq, cipher = turn.context.last + 1, store.cipher(turn.session)
    user = Message(seq=seq, role="user", ts=turn.accepted_at, parts=turn.request)
    model = Message(
        seq=seq + 1,
        role="model",
        ts=answer.finished_at,
        parts=answer.parts,
        model=answer.model,
        asked=answer.asked if answer.asked != answer.model else None,
        usage=answer.usage,
    )
    encoded = [content.encode_message(cipher, message) for message in (user, model)]
    # As whoever else takes up the next turn would read them.
    messages = (*turn.context.messages, *content.decode_messages(cipher, encoded))
    remembered = turn.remembered.after(turn.reply_id, turn.token, messages, ceiling)
    ended = _end(
        store,
        "commit",
        turn,
        go_on,
        ceiling,
        remembered,
        "completed" if answer.complete else "incomplete",
        *encoded,
        turn.context.last,
        answer.tokens,
        origin.encode(Origin(turn.origin.request_id, tracing.here())) if answer.compaction_due else "",
        int(store.settings.ring_grace * 1000),
        "" if answer.measured else "1",
        *_counted(turn.context, answer),
        untold,
        content.encode_answer(cipher, turn.reply_id, answer.parts),
        answer.model,
        msgspec.json.encode(answer.usage),
        *media.to_keep(store, turn.session, answer.media),
    )
    store.memory.note(turn.session, remembered)
    return ended


def _counted(context: Context, answer: Completed) -> tuple[int | str, int]:
    """Give the tokens that a turn added to the context, and their bucket; '' where they were not measured."""
    added = answer.tokens - context.tokens
    known = answer.measured and not context.estimated and added > 0
    return (added, bucket(added)) if known else ("", 0)


def fail(store: Store, turn: Turn, error: ReplyError, *, go_on: bool, ceiling: int) -> Ended:
    """End the turn without a message; the history stays as it was.

    Raises:
        LeaseLost: when the session is not ours any more. Nothing was written.
        StoreUnavailable: when Redis does not serve. It may be written all the same.
    """
    stored = encode_error(store.cipher(turn.session), turn.reply_id, error)
    return _end(store, "fail", turn, go_on, ceiling, store.memory.of(turn.session), stored)


def snooze(store: Store, turn: Turn, pause: float) -> None:
    """Give the session back for `pause` seconds: the turn keeps its place and spends no attempt.

    Raises:
        LeaseLost: when the session is not ours any more. Nothing was written.
        StoreUnavailable: when Redis does not serve. It may be written all the same.
    """
    _put_off(store, turn.session, turn.token, turn.reply_id, pause)


def _put_off(store: Store, session: Session, token: str, reply_id: str, pause: float) -> None:
    (state,) = store.run("snooze", session, token, reply_id, int(pause * 1000))
    if state == b"lost":
        raise LeaseLost


def _terms(store: Store, ceiling: int, remembered: Remembered) -> tuple[int, int, int, bytes]:
    settings = store.settings
    lease = int(settings.lock_lease * 1000)
    return lease, settings.max_attempts, ceiling * _BYTES_A_TOKEN, remembered.packed()


def _end(
    store: Store, name: str, turn: Turn, go_on: bool, ceiling: int, remembered: Remembered, *args: Argument
) -> Ended:
    state, *rest = store.run(
        name,
        turn.session,
        turn.token,
        "1" if go_on else "",
        *_terms(store, ceiling, remembered),
        turn.reply_id,
        *args,
    )
    if state == b"lost":
        raise LeaseLost
    if state == b"no room":
        raise media.full(store, rest[0])
    ring_compaction, (then, *more) = rest
    next_turn = None
    if then == b"turn":
        # This turn is written: what is wrong with the next one is for who claims it next.
        with suppress(Sealed):
            next_turn = _taken_up(store, turn.session, turn.token, more, remembered)
    return Ended(
        next_turn=next_turn,
        ring=then == b"released" and more[0] == 1,
        ring_compaction=ring_compaction == 1,
    )


def _taken_up(store: Store, session: Session, token: str, found: list[Any], remembered: Remembered) -> Turn:
    """Read a turn that is ours now; put it off when it does not open, so that it is there when it does."""
    try:
        return _turn(store.cipher(session), session, token, found, remembered)
    except Sealed:
        with suppress(LeaseLost):
            _put_off(store, session, token, found[0].decode(), SEALED_PAUSE)
        raise


def _turn(cipher: Cipher, session: Session, token: str, found: list[Any], remembered: Remembered) -> Turn:
    reply_id, (request, model, attempts, accepted_at, put_off, came_from), settings, (meta, *told) = found
    fields = {name: value for name, value in zip(_OF_CONTEXT, meta, strict=True) if value is not None}
    remembered, messages = memory.told(cipher, told, int(fields["watermark"]), remembered)
    return Turn(
        session=session,
        token=token,
        reply_id=reply_id.decode(),
        request=content.decode_request(cipher, request),
        model=model.decode() or None,
        attempt=int(attempts),
        put_off=put_off is not None,
        accepted_at=int(accepted_at),
        context=context(fields, remembered.chapters, remembered.ledger, messages),
        settings=content.decode_settings(cipher, settings),
        origin=origin.decode(came_from),
        remembered=remembered,
    )


def context(
    fields: Mapping[str, bytes], chapters: tuple[Chapter, ...], ledger: Ledger, messages: tuple[Message, ...]
) -> Context:
    """Put a context together from the session's fields and what was told, or is remembered, of it."""
    return Context(
        chapters=chapters,
        ledger=ledger,
        messages=messages,
        last=int(fields["last"]),
        watermark=int(fields["watermark"]),
        tokens=int(fields["context_tokens"]),
        estimated=fields.get("estimated") == b"1",
        restored=fields.get("restored") == b"1",
    )
