"""What a process remembers of the sessions that it compacts: it is told what came since then, and no more."""

from __future__ import annotations

from random import Random
from secrets import token_hex

import msgspec
import pytest
import redis as redis_py

from backscroll.session import Session
from backscroll.store import compactions, content, sessions
from backscroll.store.redis import Store
from backscroll.store.restore import restore
from tests.integration.acting import bring, raw
from tests.integration.remembering import (
    Heard,
    compact,
    recovered,
    snapshot_of,
    turn_of,
)


def test_a_compaction_is_not_told_what_the_one_before_has_made(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    for _ in range(6):
        turn_of(workers[0], session)
    compact(workers[1], session, Random(1))
    turn_of(workers[0], session)
    turn_of(workers[0], session)
    snapshot = compactions.begin(workers[1], session, token_hex(16))
    assert snapshot is not None
    assert workers[1].said[-1][2][1:] == [None, None, 0, None]
    assert len(workers[1].said[-1][4]) == 4, "the two turns since then"
    context = sessions.read_context(workers[0], session)
    assert (snapshot.chapters, snapshot.ledger, snapshot.messages) == (
        context.chapters,
        context.ledger,
        context.messages,
    )


def test_a_compaction_knows_the_messages_that_it_has_seen_also_where_another_one_came_between(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    for worker in (*workers, workers[0]):
        for _ in range(4):
            turn_of(workers[0], session)
        compact(worker, session, Random(1))
    turn_of(workers[0], session)
    snapshot = snapshot_of(workers[1], session)
    assert snapshot is not None
    assert snapshot.watermark < 16
    assert workers[1].said[-1][3] == 16, "all that it saw"


def test_a_compaction_is_told_all_messages_after_a_restore(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    for _ in range(6):
        turn_of(workers[0], session)
    compact(workers[1], session, Random(1))
    restore(workers[0], session, budget=100_000)
    compactions.request(workers[0], session)
    snapshot = snapshot_of(workers[1], session)
    assert snapshot is not None
    assert (snapshot.watermark, len(snapshot.messages)) == (0, 12)
    assert workers[1].said[-1][3] == 0


def test_a_turn_that_was_recovered_marks_no_messages(workers: tuple[Heard, Heard], session: Session) -> None:
    one, other = workers
    for _ in range(4):
        turn_of(one, session)
    recovered(one, session)
    compact(other, session, Random(1))
    turn_of(one, session)
    assert snapshot_of(other, session) is not None
    assert other.said[-1][3] == 0


@pytest.mark.parametrize("encryption_keys", ["", "k1:" + "A" * 43])
def test_messages_are_archived_to_the_byte_also_where_they_were_remembered(
    store: Store, redis: redis_py.Redis, session: Session, encryption_keys: str
) -> None:
    settings = msgspec.structs.replace(store.settings, encryption_keys=encryption_keys)
    worker, replies = Heard(settings), Store(settings)
    written = []
    for _ in range(4):
        for _ in range(3):
            turn_of(replies, session)
        written += raw(redis, store, session, "live")[-6:]
        snapshot = snapshot_of(worker, session)
        assert snapshot is not None
        bring(worker, snapshot, snapshot.watermark + 4)
    assert worker.said[-2][3] > 0, "messages were remembered"
    cipher = worker.cipher(session)
    blocks = raw(redis, store, session, "archive")
    archived = [encoded for block in blocks for _, encoded in content.unpack_archive(cipher, block)]
    assert archived == list(content.open_messages(cipher, written[:16]))
    worker.close()
    replies.close()


def test_a_compaction_believes_a_redis_that_went_back_in_time(
    workers: tuple[Heard, Heard], redis: redis_py.Redis, session: Session
) -> None:
    one, other = workers
    for _ in range(4):
        turn_of(one, session)
    before = {key: redis.dump(key) for key in redis.scan_iter(f"*{session}:*")}
    turn_of(one, session)
    snapshot = snapshot_of(other, session)
    assert snapshot is not None
    bring(other, snapshot, 2)
    redis.delete(*redis.scan_iter(f"*{session}:*"))
    for key, value in before.items():
        redis.restore(key, 600_000, value)
    other_snapshot = snapshot_of(one, session)
    assert other_snapshot is not None
    bring(one, other_snapshot, 2)
    turn_of(one, session)
    assert snapshot_of(other, session) is not None
    assert other.said[-1][3] == 0


def test_a_compaction_of_a_session_of_the_same_name_is_told_all_of_it(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    one, other = workers
    for _ in range(2):
        for _ in range(4):
            turn_of(one, session)
        snapshot = snapshot_of(other, session)
        assert snapshot is not None
        assert (snapshot.watermark, other.said[-1][3]) == (0, 0)
        bring(other, snapshot, 2)
        sessions.delete(one, session)
