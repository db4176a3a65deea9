"""Restoring: archived messages come back into the context, verbatim; the reverse of a compaction."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Literal

import msgspec

from backscroll.errors import InvalidRequest, NotFound, SessionBusy
from backscroll.ledger.ledger import Ledger
from backscroll.messages.chapter import Chapter
from backscroll.session import Session
from backscroll.store import content
from backscroll.store.redis import Store, table
from backscroll.store.replies import TURN
from backscroll.store.scripts import string

# No seq is higher: nothing of the archive is read.
_NOTHING = 10**15
# Each time something else must have changed the history between two calls that follow each other.
_TRIES = 5


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, and the context as it is now; `reason` says why nothing did."""

    chapters: int = 0
    messages: int = 0
    watermark: int
    context_tokens: int
    reason: Literal["budget", "nothing_compacted"] | None = None


def restore(store: Store, session: Session, *, budget: int, chapters: int | None = None) -> Restored:
    """Bring back what the newest chapters cover, whole chapters only.

    Args:
        store: where.
        session: whose history.
        budget: tokens that the context may have then.
        chapters: how many; as many as fit by default.

    Raises:
        NotFound: when there is no such session.
        SessionBusy: when a turn is in work.
        InvalidRequest: when so many `chapters` do not fit the budget.
        StoreUnavailable: when Redis does not serve.
    """
    cipher = store.cipher(session)
    for _ in range(_TRIES):
        meta, found, stored, _none = _look(store, session, _NOTHING)
        watermark, tokens = int(meta["watermark"]), int(meta["context_tokens"])
        if not found:
            return Restored(watermark=watermark, context_tokens=tokens, reason="nothing_compacted")
        count, size = _fitting(found[::-1][:chapters], tokens, budget)
        if chapters is not None and count < min(chapters, len(found)):
            raise InvalidRequest("chapters", f"{count} chapters fit into {budget:,} tokens, not {chapters}")
        if count == 0:
            return Restored(watermark=watermark, context_tokens=tokens, reason="budget")
        lowered = found[-count].first - 1
        _meta, _found, _stored, blocks = _look(store, session, lowered)
        # The archive's blocks come newest first, and so have the messages to: each goes before the last.
        messages = [
            message
            for block in blocks
            for _seq, message in reversed([*content.unpack_archive(cipher, block)])
        ]
        freed = sum(chapter.tokens_before for chapter in found[-count:])
        ledger = without(content.decode_ledger(cipher, stored), lowered, freed)
        state: bytes = store.run(
            "restore",
            session,
            token_hex(16),
            watermark,
            int(meta["compactions"]),
            lowered,
            count,
            len(blocks),
            size,
            content.encode_ledger(cipher, ledger) if ledger != Ledger() else "",
            msgspec.msgpack.encode(list(map(string, content.seal_messages(cipher, messages)))),
        )
        if state == b"restored":
            return Restored(chapters=count, messages=len(messages), watermark=lowered, context_tokens=size)
        _refuse(session, state)
    raise _busy(session)


def without(ledger: Ledger, watermark: int, freed: int) -> Ledger:
    """Give the ledger without what the messages behind `watermark`, of `freed` tokens, brought into it."""
    if watermark == 0:
        return Ledger()  # nothing is covered, so nothing was dropped either
    left = max(0, ledger.covered - freed)
    return msgspec.structs.replace(
        ledger,
        covered=left,
        spoken=ledger.spoken * left // max(1, ledger.covered),
        said=tuple(said for said in ledger.said if said.seq <= watermark),
        pending=tuple(task for task in ledger.pending if task.seq <= watermark),
    )


def _fitting(newest_first: Sequence[Chapter], tokens: int, budget: int) -> tuple[int, int]:
    """Tell how many chapters can be taken back, and the tokens of the context then."""
    count = 0
    for chapter in newest_first:
        size = max(tokens - chapter.tokens_after, 0) + chapter.tokens_before
        if size > budget:
            break
        count, tokens = count + 1, size
    return count, tokens


def _look(
    store: Store, session: Session, after: int
) -> tuple[dict[str, bytes], tuple[Chapter, ...], bytes | None, Sequence[bytes]]:
    state, *rest = store.run("begin_restore", session, after)
    _refuse(session, state)
    flat, chapters, ledger, blocks = rest
    return table(flat), content.decode_chapters(store.cipher(session), chapters), ledger, blocks


def _refuse(session: Session, state: Any) -> None:
    if state == b"missing":
        raise NotFound(f"there is no session {session.id!r}")
    if state == b"busy":
        raise _busy(session)


def _busy(session: Session) -> SessionBusy:
    return SessionBusy(f"a turn of session {session.id!r} is in work", delay=TURN)
