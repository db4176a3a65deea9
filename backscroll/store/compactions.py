"""Compactions as the store sees them: a snapshot without a lock, and a change brought back under it."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Literal

import msgspec

from backscroll import origin
from backscroll.errors import NotFound, Sealed
from backscroll.ledger.ledger import Ledger
from backscroll.messages.chapter import Chapter
from backscroll.messages.codec import decode
from backscroll.messages.message import Message
from backscroll.origin import UNKNOWN, Origin
from backscroll.session import Session
from backscroll.store import content, memory
from backscroll.store.memory import NOTHING, Remembered
from backscroll.store.redis import Store

Brought = Literal["applied", "offered", "discarded"]

# The largest piece of a history that one compaction is told.
_SNAPSHOT_BYTES = 400_000
# And what it is told of meta, in this order.
_OF_META = (
    "watermark",
    "context_tokens",
    "written",
    "refused_lately",
    "forced_keep",
    "compaction_origin",
    "compaction_since",
)
# Seconds until a session whose key is missing is looked at again.
_SEALED_PAUSE = 60.0


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest live messages of a session, as they were when the compaction began.

    `encoded` are the same messages as bytes: what is archived is what was written, to the byte.
    `live` counts all live messages: there are more than these where the history is far behind.
    `refused` are the reasons of the refusals since the last change, oldest first. `keep` is how many turns
    stay verbatim, where somebody asked for that. `origin` is what made it due, `due_at` when, in ms
    since 1970. `written` are the id of the reply that was written last, and its token, and `remembered` is
    what this process need not be told of chapters and ledger again.
    """

    token: str
    session: Session
    chapters: tuple[Chapter, ...]
    messages: tuple[Message, ...]
    encoded: tuple[bytes, ...]
    live: int
    watermark: int
    tokens: int
    ledger: Ledger = Ledger()
    refused: tuple[str, ...] = ()
    keep: int | None = None
    origin: Origin = UNKNOWN
    due_at: int | None = None
    written: tuple[str, str] | None = None
    remembered: Remembered = NOTHING


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What summaries cost: calls of the summary model, tokens that it read, tokens that it wrote."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


FREE = Cost()


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """`count` chapters of a snapshot, from index `first` on, and the one that takes their place."""

    first: int
    count: int
    chapter: Chapter


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a compaction makes of a session.

    `chapter` covers the messages from the snapshot's watermark to its own `last`; `ledger` is the whole new
    one; `merge` is about older chapters. `saved` is how many tokens the context loses by all of it, `again`
    whether more is to be compacted, and `cost` what the summaries cost, the refused ones before them too.
    """

    chapter: Chapter
    ledger: Ledger
    merge: Merge | None = None
    saved: int
    again: bool = False
    cost: Cost = FREE


def request(store: Store, session: Session, *, keep: int | None = None, asked: Origin = UNKNOWN) -> None:
    """Note that a compaction was asked for, due or not; the caller rings for it.

    Args:
        store: where.
        session: whose history.
        keep: how many turns stay verbatim; as many as ever by default.
        asked: the request by which it was asked for.

    Raises:
        NotFound: when there is no such session.
        StoreUnavailable: when Redis does not serve.
    """
    grace = int(store.settings.ring_grace * 1000)
    turns = "" if keep is None else keep
    if not store.run("request_compaction", session, token_hex(8), turns, grace, origin.encode(asked)):
        raise NotFound(f"there is no session {session.id!r}")


def begin(store: Store, session: Session, token: str) -> Snapshot | None:
    """Take a snapshot; None when there is nothing to do, or another compaction is at it.

    Raises:
        Sealed: when a key is missing; the compaction is put off.
        StoreUnavailable: when Redis does not serve.
    """
    remembered, lease = store.memory.of(session), int(store.settings.compaction_lease * 1000)
    if not remembered.encoded:
        remembered = remembered.without_messages()  # what is archived is what was written, to the byte
    state, *rest = store.run("begin_compaction", session, token, lease, _SNAPSHOT_BYTES, remembered.packed())
    if state != b"snapshot":
        return None
    try:
        return _snapshot(store, session, token, rest, remembered)
    except Sealed:
        _end(store, session, token, "", int(_SEALED_PAUSE * 1000), FREE)
        raise


def _snapshot(
    store: Store, session: Session, token: str, found: Sequence[Any], remembered: Remembered
) -> Snapshot:
    values, noted, known, stored, live = found
    meta = {name: value for name, value in zip(_OF_META, values, strict=True) if value is not None}
    cipher, watermark = store.cipher(session), int(meta["watermark"])
    notes = memory.notes(cipher, noted, remembered)
    held = [
        each
        for each in zip(remembered.messages, remembered.encoded, strict=True)
        if watermark < each[0].seq <= known
    ]
    told = content.open_messages(cipher, stored)
    return Snapshot(
        token=token,
        session=session,
        chapters=notes.chapters,
        messages=(*(message for message, _ in held), *map(decode, told)),
        encoded=(*(encoded for _, encoded in held), *told),
        live=live,
        watermark=watermark,
        tokens=int(meta["context_tokens"]),
        ledger=notes.ledger,
        refused=msgspec.json.decode(meta.get("refused_lately", b"[]"), type=tuple[str, ...]),
        keep=int(meta["forced_keep"]) if meta.get("forced_keep") else None,
        origin=origin.decode(meta.get("compaction_origin")),
        due_at=int(meta["compaction_since"]) if meta.get("compaction_since") else None,
        written=_written(meta.get("written")),
        remembered=notes,
    )


def _written(mark: bytes | None) -> tuple[str, str] | None:
    reply_id, _, token = (mark or b"").decode().partition(" ")
    return (reply_id, token) if token else None


def write_back(store: Store, snapshot: Snapshot, change: Change) -> Brought:
    """Replace the messages that the change's chapter covers, in the context; the archive keeps them.

    Returns:
        `applied`; `offered` when a turn is in work, whose holder will apply it; or `discarded`, because
        the history was compacted by somebody else, restored, or deleted.

    Raises:
        ValueError: when the change does not fit the snapshot: chapters would overlap, or leave a gap.
        StoreUnavailable: when Redis does not serve. It may be brought home all the same.
    """
    _check(snapshot, change)
    chapter, merge, cost = change.chapter, change.merge, change.cost
    cipher = store.cipher(snapshot.session)
    covered = snapshot.encoded[: chapter.last - snapshot.watermark]
    result: bytes = store.run(
        "write_back",
        snapshot.session,
        snapshot.token,
        snapshot.watermark,
        chapter.last,
        content.encode_chapter(cipher, chapter),
        change.saved,
        "1" if change.again else "",
        # Left as it is stored where it says the same: a newer version may have written more into it.
        content.encode_ledger(cipher, change.ledger) if change.ledger != snapshot.ledger else "",
        content.encode_ledger_change(cipher, snapshot.ledger, change.ledger),
        merge.first if merge else 0,
        merge.count if merge else 0,
        content.encode_chapter(cipher, merge.chapter) if merge else "",
        *msgspec.structs.astuple(cost),
        *content.pack_archive(cipher, chapter.first, covered),
    )
    if result != b"discarded":
        store.memory.note(snapshot.session, _changed(snapshot, change))
    return result.decode()  # type: ignore[return-value]  # the script gives no other


def _changed(snapshot: Snapshot, change: Change) -> Remembered:
    """Give what there is to remember once a change is made."""
    merge, chapters = change.merge, snapshot.chapters
    if merge:
        chapters = memory.after_change(chapters, (merge.chapter,), merge.first, merge.count)
    chapters = (*chapters, change.chapter)
    remembered = snapshot.remembered.changed(snapshot.token, chapters, change.ledger)
    if snapshot.live > len(snapshot.messages):
        return remembered
    count = change.chapter.last - snapshot.watermark
    return msgspec.structs.replace(
        remembered,
        written=snapshot.written,
        messages=snapshot.messages[count:],
        encoded=snapshot.encoded[count:],
    )


def _check(snapshot: Snapshot, change: Change) -> None:
    chapter, start = change.chapter, snapshot.watermark
    if chapter.first != start + 1 or not start < chapter.last <= start + len(snapshot.messages):
        raise ValueError("the chapter does not cover the oldest of the snapshot's messages")
    merge = change.merge
    if merge is None:
        return
    merged = snapshot.chapters[merge.first :][: merge.count]
    if merge.first < 0 or not 0 < merge.count == len(merged):
        raise ValueError("there are no such chapters to merge")
    if (merge.chapter.first, merge.chapter.last) != (merged[0].first, merged[-1].last):
        raise ValueError("the merged chapter does not cover what those cover whose place it takes")


def finish(store: Store, snapshot: Snapshot) -> None:
    """End a compaction that had nothing to do.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    _end(store, snapshot.session, snapshot.token, "", "", FREE)


def give_back(store: Store, snapshot: Snapshot, cost: Cost = FREE) -> None:
    """End a compaction that this process cannot finish; it is due again at once.

    Raises:
        StoreUnavailable: when Redis does not serve. It is due when the sweep finds it.
    """
    _end(store, snapshot.session, snapshot.token, "", 0, cost)


def refuse(store: Store, snapshot: Snapshot, reason: str, pause: float, cost: Cost = FREE) -> float:
    """End a compaction whose summary is no good, and count why.

    Args:
        store: where.
        snapshot: of which compaction.
        reason: the code of what was wrong.
        pause: seconds until the next try after a first refusal; each further one in a row doubles it.
        cost: what the refused summaries cost.

    Returns:
        Seconds until the next try.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    return _end(store, snapshot.session, snapshot.token, reason, int(pause * 1000), cost) / 1000


def _end(store: Store, session: Session, token: str, reason: str, pause: int | str, cost: Cost) -> int:
    planned: int = store.run(
        "end_compaction",
        session,
        token,
        reason,
        pause,
        *msgspec.structs.astuple(cost),
    )
    return planned
