"""Turns that come home late: to a session that was deleted, or that nobody can tell from one that was."""

from __future__ import annotations

import pytest
import redis as redis_py

from backscroll.errors import NotFound
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.settings import StoreSettings
from backscroll.store import keys, sessions
from backscroll.store.recover import recover
from backscroll.store.redis import Store
from tests.integration.acting import texts
from tests.integration.recovering import degraded, note_of, now

HOUR = 3_600_000


def test_a_deleted_session_is_not_brought_back(store: Store, session: Session) -> None:
    recover(store, degraded(session, "of an earlier outage"))
    turn = degraded(session)
    sessions.delete(store, session)
    assert recover(store, turn) == ("deleted", False)
    with pytest.raises(NotFound):
        sessions.state(store, session)


def test_nor_one_that_was_deleted_before_its_first_turn_came(store: Store, session: Session) -> None:
    turn = degraded(session)
    with pytest.raises(NotFound):
        sessions.delete(store, session)
    assert recover(store, turn)[0] == "deleted"


def test_a_session_that_begins_anew_after_its_deletion_has_its_turns(store: Store, session: Session) -> None:
    recover(store, degraded(session))
    sessions.delete(store, session)
    turn = degraded(session, "anew", accepted_at=now() + 2)
    assert recover(store, turn)[0] == "merged"
    assert texts(store, session) == ["anew", "no"]


def test_a_turn_that_is_older_than_any_note_of_a_deletion_is_dropped(store: Store, session: Session) -> None:
    long_ago = now() - int(store.settings.session_ttl * 1000) - 1000
    assert recover(store, degraded(session, accepted_at=long_ago))[0] == "expired"


def test_a_short_time_to_live_does_not_drop_what_was_answered_in_a_longer_outage(
    store: Store, session: Session
) -> None:
    sessions.configure(store, session, SessionSettings(ttl=60))
    turn = degraded(session, accepted_at=now() - HOUR)
    assert recover(store, turn)[0] == "merged"
    assert texts(store, session) == ["lost?", "no"]


def test_nor_does_a_deployments(store: Store, session: Session) -> None:
    hasty = Store(StoreSettings(redis_url=store.settings.redis_url, session_ttl=60))
    assert recover(hasty, degraded(session, accepted_at=now() - HOUR))[0] == "merged"
    deleted = Session("tests", session.id + "-deleted")
    with pytest.raises(NotFound):
        sessions.delete(hasty, deleted)
    note = note_of(hasty, deleted)
    assert hasty.client.pttl(note) > 47 * HOUR, "the note stays for as long as a turn may come"
    assert recover(hasty, degraded(deleted, accepted_at=now() - HOUR))[0] == "deleted"
    hasty.close()


def test_in_a_session_that_was_there_before_and_still_is_no_turn_is_too_old(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    accepted_at = now() - int(store.settings.session_ttl * 1000) - HOUR
    sessions.configure(store, session, SessionSettings())
    meta, *_ = keys.of_session(session, store.settings.shards)
    redis.hset(meta, "created_at", accepted_at - 1)
    assert recover(store, degraded(session, accepted_at=accepted_at))[0] == "merged"


def test_one_that_may_have_been_deleted_since_is_not_brought_back_by_a_longer_time_to_live(
    store: Store, session: Session
) -> None:
    accepted_at = now() - int(store.settings.session_ttl * 1000) - HOUR
    sessions.configure(store, session, SessionSettings(ttl=30 * 24 * HOUR / 1000))
    assert recover(store, degraded(session, accepted_at=accepted_at))[0] == "expired"


def test_the_note_of_a_deletion_lives_as_long_as_any_turn_that_it_must_stop(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    recover(store, degraded(session))
    sessions.delete(store, session)
    assert list(redis.scan_iter(f"*{session}*")) == [], "the note does not tell whose it is"
    note = note_of(store, session)
    assert store.settings.session_ttl * 1000 - 5000 < redis.pttl(note) <= store.settings.session_ttl * 1000
