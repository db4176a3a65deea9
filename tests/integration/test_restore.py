"""Restoring: what was covered comes back to the byte, whole chapters at a time, and stays for a while."""

from __future__ import annotations

import pytest
import redis as redis_py

from backscroll.errors import InvalidRequest, NotFound
from backscroll.ledger.ledger import Ledger
from backscroll.session import Session
from backscroll.store import keys, sessions, turns
from backscroll.store.redis import Store
from backscroll.store.restore import Restored, restore
from tests.integration.acting import raw, talk
from tests.integration.restoring import AMPLE, check_whole, compact, said, stored

pytestmark = pytest.mark.usefixtures("eight_turns")


def test_what_comes_back_is_what_was_said_to_the_byte(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    before = stored(redis, store, session)
    compact(store, session, 4, 10)
    assert restore(store, session, budget=AMPLE) == Restored(
        chapters=2, messages=10, watermark=0, context_tokens=16
    )
    assert stored(redis, store, session) == before
    assert sessions.read_context(store, session).ledger == Ledger()
    check_whole(redis, store, session)


def test_the_newest_chapter_comes_back_first_and_the_others_stay_to_the_byte(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4, 6)
    before = stored(redis, store, session)
    compact(store, session, 12)
    restored = restore(store, session, budget=AMPLE, chapters=1)
    assert (restored.chapters, restored.messages, restored.watermark) == (1, 6, 6)
    assert stored(redis, store, session) == before
    assert sessions.read_context(store, session).ledger == said(*range(1, 7))
    check_whole(redis, store, session)


def test_a_range_of_many_blocks_comes_back_in_order(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    talk(store, session, 100)
    before = stored(redis, store, session)
    compact(store, session, 2, 6, 200)
    assert len(raw(redis, store, session, "archive")) > 4
    assert restore(store, session, budget=AMPLE).messages == 200
    assert stored(redis, store, session) == before


def test_a_merged_chapter_comes_back_as_a_whole(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    before = stored(redis, store, session)
    compact(store, session, 4, 8)
    compact(store, session, 10, merge=(0, 2))
    assert [chapter.level for chapter in sessions.state(store, session).chapters] == [1, 0]
    assert restore(store, session, budget=AMPLE, chapters=1).watermark == 8
    check_whole(redis, store, session)
    assert restore(store, session, budget=AMPLE, chapters=1).watermark == 0
    assert stored(redis, store, session) == before


def test_a_restore_whose_answers_are_lost_is_made_once(
    store: Store, replaying: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    before = stored(redis, store, session)
    compact(store, session, 10)
    assert restore(replaying, session, budget=AMPLE, chapters=1).messages == 6
    assert stored(redis, store, session) == before


def test_after_a_restore_there_is_nothing_left_to_restore(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4)
    restore(store, session, budget=AMPLE)
    before = stored(redis, store, session)
    again = restore(store, session, budget=AMPLE, chapters=3)
    assert again == Restored(watermark=0, context_tokens=9, reason="nothing_compacted")
    assert stored(redis, store, session) == before


def test_only_as_much_comes_back_as_fits_the_budget(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    compact(store, session, 4, 8, 12)
    before = stored(redis, store, session)
    assert restore(store, session, budget=6) == Restored(watermark=12, context_tokens=0, reason="budget")
    with pytest.raises(InvalidRequest, match="1 chapters fit") as refused:
        restore(store, session, budget=15, chapters=2)
    assert refused.value.field == "chapters"
    assert stored(redis, store, session) == before
    assert restore(store, session, budget=16) == Restored(
        chapters=2, messages=8, watermark=4, context_tokens=16
    )
    check_whole(redis, store, session)


def test_a_session_that_is_not_there_is_not_brought_into_being(store: Store, session: Session) -> None:
    sessions.delete(store, session)
    with pytest.raises(NotFound):
        restore(store, session, budget=AMPLE)
    with pytest.raises(NotFound):
        sessions.state(store, session)


def test_what_a_restore_writes_has_its_expiry(store: Store, redis: redis_py.Redis, session: Session) -> None:
    compact(store, session, 4, 16)
    assert not sessions.read_context(store, session).messages
    restore(store, session, budget=AMPLE, chapters=1)
    live, ledger = (
        key for key in keys.of_session(session, store.settings.shards) if key.endswith((":live", ":ledger"))
    )
    assert redis.pttl(live) > 0
    assert redis.pttl(ledger) > 0
    assert turns.renew(store, [(session, "nobody")]) == [False]
