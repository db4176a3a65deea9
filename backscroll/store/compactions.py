"""Compactions as the store sees them: a snapshot without a lock, and a change brought back under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from backscroll.messages.archive import pack
from backscroll.messages.chapter import Chapter, decode_chapter, encode_chapter
from backscroll.messages.codec import decode
from backscroll.messages.message import Message
from backscroll.session import Session
from backscroll.store.redis import Store, table

Brought = Literal["applied", "offered", "discarded"]

# The largest piece of a history that one compaction looks at.
_SNAPSHOT_BYTES = 400_000


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest live messages of a session, as they were when the compaction began.

    `stored` are the same messages as bytes: what is archived is what was written, to the byte.
    `live` counts all live messages: there are more than these where the history is far behind.
    """

    token: str
    session: Session
    chapters: tuple[Chapter, ...]
    messages: tuple[Message, ...]
    stored: tuple[bytes, ...]
    live: int
    watermark: int
    tokens: int


def begin(store: Store, session: Session, token: str) -> Snapshot | None:
    """Take a snapshot; None when there is nothing to do, or another compaction is at it."""
    state, *rest = store.run(
        "begin_compaction", session, token, int(store.settings.compaction_lease * 1000), _SNAPSHOT_BYTES
    )
    if state != b"snapshot":
        return None
    flat, chapters, stored, live = rest
    meta = table(flat)
    return Snapshot(
        token=token,
        session=session,
        chapters=tuple(map(decode_chapter, chapters)),
        messages=tuple(map(decode, stored)),
        stored=tuple(stored),
        live=live,
        watermark=int(meta["watermark"]),
        tokens=int(meta["context_tokens"]),
    )


def write_back(store: Store, snapshot: Snapshot, chapter: Chapter, *, saved: int, again: bool) -> Brought:
    """Replace the messages that `chapter` covers, in the context; the archive keeps them.

    Args:
        store: where.
        snapshot: what the chapter was computed from.
        chapter: covers the messages from the snapshot's watermark to its own `last`.
        saved: tokens that the context loses by it.
        again: whether more is to be compacted.

    Returns:
        `applied`; `offered` when a turn is in work, whose holder will apply it; or `discarded`, because
        the history was compacted by somebody else, or deleted.
    """
    covered: Sequence[bytes] = snapshot.stored[: chapter.last - snapshot.watermark]
    result: bytes = store.run(
        "write_back",
        snapshot.session,
        snapshot.token,
        snapshot.watermark,
        chapter.last,
        encode_chapter(chapter),
        saved,
        "1" if again else "",
        *pack(chapter.first, covered),
    )
    return result.decode()  # type: ignore[return-value]  # the script gives no other


def finish(store: Store, snapshot: Snapshot) -> None:
    """End a compaction that had nothing to do."""
    _end(store, snapshot, "", "")


def give_back(store: Store, snapshot: Snapshot) -> None:
    """End a compaction that this process cannot finish; it is due again at once."""
    _end(store, snapshot, "", 0)


def refuse(store: Store, snapshot: Snapshot, reason: str, pause: float) -> float:
    """End a compaction whose summary is no good, and count why.

    Args:
        store: where.
        snapshot: of which compaction.
        reason: the code of what was wrong.
        pause: seconds until the next try after a first refusal; each further one in a row doubles it.

    Returns:
        Seconds until the next try.
    """
    return _end(store, snapshot, reason, int(pause * 1000)) / 1000


def _end(store: Store, snapshot: Snapshot, reason: str, pause: int | str) -> int:
    planned: int = store.run("end_compaction", snapshot.session, snapshot.token, reason, pause)
    return planned
