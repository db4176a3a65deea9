"""Whole sessions: their state, their transcript, their end."""

from __future__ import annotations

import msgspec

from backscroll.errors import NotFound
from backscroll.messages.chapter import Chapter
from backscroll.messages.codec import decode
from backscroll.messages.message import Message
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store import content, keys
from backscroll.store.compactions import Cost
from backscroll.store.redis import Store, table
from backscroll.store.turns import Context, context

# How many of its newest replies a session shows: a client that comes back looks for its own there.
_RECENT = 20


class Recent(msgspec.Struct, frozen=True):
    """One of a session's newest replies. Times are milliseconds since 1970."""

    id: str
    status: str
    created_at: int
    finished_at: int | None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A session without its messages. `created_at` is milliseconds since 1970, `expires_in` seconds.

    `replies` are the newest ones, newest first, ended or not.

    `summaries` is what its compactions cost, the refused and discarded ones too, and `tokens_saved` what
    the others took out of its context.
    """

    session: Session
    messages: int
    turns: int
    watermark: int
    context_tokens: int
    chapters: tuple[Chapter, ...]
    pending: tuple[str, ...]
    replies: tuple[Recent, ...]
    in_work: bool
    compaction_due: bool
    compactions: int
    refused: dict[str, int]
    discarded: int
    summaries: Cost
    tokens_saved: int
    stale_writes: int
    created_at: int
    expires_in: float
    settings: SessionSettings


class Page(msgspec.Struct, frozen=True):
    """Messages in order, and the seq after which the next page begins, if there is one."""

    messages: tuple[Message, ...]
    next: int | None


def state(store: Store, session: Session) -> State:
    """Read a session's state.

    Raises:
        NotFound: when there is no such session.
        StoreUnavailable: when Redis does not serve.
    """
    flat, chapters, inbox, lock, ttl, due, recent = store.run("read_session", session, _RECENT)
    meta, cipher = table(flat), store.cipher(session)
    if not meta:
        raise _missing(session)

    def number(name: str) -> int:
        return int(meta.get(name, 0))

    return State(
        session=session,
        messages=number("last"),
        turns=number("turns"),
        watermark=number("watermark"),
        context_tokens=number("context_tokens"),
        chapters=content.decode_chapters(cipher, chapters),
        pending=tuple(reply_id.decode() for reply_id in inbox),
        replies=tuple(
            Recent(reply_id.decode(), status.decode(), int(created), int(finished) if finished else None)
            for reply_id, status, created, finished in recent
        ),
        in_work=lock >= 0,
        compaction_due=due != b"",
        compactions=number("compactions"),
        refused={name[8:]: int(value) for name, value in meta.items() if name.startswith("refused:")},
        discarded=number("discarded"),
        summaries=Cost(
            calls=number("summary_calls"),
            input_tokens=number("summary_input_tokens"),
            output_tokens=number("summary_output_tokens"),
        ),
        tokens_saved=number("tokens_saved"),
        stale_writes=number("stale_writes"),
        created_at=number("created_at"),
        expires_in=ttl / 1000,
        settings=content.decode_settings(cipher, meta.get("settings")),
    )


def configure(store: Store, session: Session, settings: SessionSettings) -> bool:
    """Set the settings of a session, all of them; they hold from the next turn that begins on.

    Returns:
        Whether the session began with this.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    ttl = "" if settings.ttl is None else int(settings.ttl * 1000)
    began: int = store.run(
        "configure", session, content.encode_settings(store.cipher(session), settings), ttl
    )
    return began == 1


def transcript(store: Store, session: Session, *, after: int = 0, limit: int = 100) -> Page:
    """Read messages of the transcript in order, at most `limit` of them behind seq `after`.

    Raises:
        NotFound: when there is no such session.
        StoreUnavailable: when Redis does not serve.
    """
    found = store.run("read_history", session, after, limit)
    if not found:
        raise _missing(session)
    last, blocks, live = found
    cipher = store.cipher(session)
    archived = [
        decode(encoded)
        for block in blocks
        for seq, encoded in content.unpack_archive(cipher, block)
        if after < seq <= after + limit
    ]
    messages = (*archived, *content.decode_messages(cipher, live))
    end = messages[-1].seq if messages else after
    return Page(messages, end if end < int(last) else None)


def read_context(store: Store, session: Session) -> Context:
    """Read what the model would be sent, apart from the next message.

    Raises:
        NotFound: when there is no such session.
        StoreUnavailable: when Redis does not serve.
    """
    flat, chapters, ledger, messages = store.run("read_context", session)
    if not flat:
        raise _missing(session)
    cipher = store.cipher(session)
    return context(
        table(flat),
        content.decode_chapters(cipher, chapters),
        content.decode_ledger(cipher, ledger),
        content.decode_messages(cipher, messages),
    )


def delete(store: Store, session: Session) -> None:
    """Erase the session and all that belongs to it; a turn in work will write nothing.

    Raises:
        NotFound: when there is no such session.
        StoreUnavailable: when Redis does not serve.
    """
    if not store.run("delete", session, keys.DROPPED):
        raise _missing(session)


def _missing(session: Session) -> NotFound:
    return NotFound(f"there is no session {session.id!r}")
