"""How long a session lives: all of it from its last access, without writing that anew with each."""

from __future__ import annotations

import pytest
import redis as redis_py

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store import compactions, keys, replies, sessions
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, claim, commit, talk
from tests.integration.living import ONE, PHOTO, OpenStore, shown

_WEEK = 604_800_000
_MINUTE = _WEEK // 10_000


def ends(redis: redis_py.Redis, store: Store, session: Session) -> set[int]:
    """Tell when the keys of a session expire that live as long as it."""
    found = keys.of_session(session, store.settings.shards)[:10]
    return {redis.pexpiretime(key) for key in found if not key.endswith(":lock")} - {-2}


def later(redis: redis_py.Redis, session: Session, ms: int) -> None:
    """Have that much time pass."""
    for key in redis.scan_iter(f"*{session}:*"):
        redis.pexpireat(key, redis.pexpiretime(key) - ms)


@pytest.mark.parametrize("encryption_keys", ["", ONE], ids=["plain", "encrypted"])
def test_f40_all_of_a_session_ends_in_the_same_moment(
    open_store: OpenStore, redis: redis_py.Redis, session: Session, encryption_keys: str
) -> None:
    # Elsewhere encrypted items had a short expiry of their own, and vanished before their session.
    store = open_store(encryption_keys)
    for turns in range(3):
        talk(store, session, 3)
        bring(store, begin(store, session, f"c{turns}"), 6 * turns + 4)
        submit(store, session, shown(PHOTO, f"look {turns}"))
        turn = claim(store, session, f"t{turns}")
        bring(store, begin(store, session, f"d{turns}"), 6 * turns + 6)  # waits
        assert len(ends(redis, store, session)) == 1
        commit(store, turn)
        assert len(ends(redis, store, session)) == 1
        later(redis, session, _MINUTE // 2)


@pytest.mark.parametrize("passed", [_MINUTE + 1, _WEEK // 2])
def test_an_access_a_minute_later_lengthens_all_lives(
    store: Store, redis: redis_py.Redis, session: Session, passed: int
) -> None:
    talk(store, session, 2)
    said = submit(store, session, Submission(parts=(Text("more"),)))
    (before,) = ends(redis, store, session)
    later(redis, session, passed)
    replies.read(store, session, said.reply_id)
    (after,) = ends(redis, store, session)
    assert after >= before
    (reply,) = redis.scan_iter(f"*{session}:reply:{said.reply_id}")
    assert redis.pexpiretime(reply) >= before


def test_who_reads_at_once_again_writes_nothing(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    talk(store, session, 2)
    said = submit(store, session, Submission(parts=(Text("more"),)))
    later(redis, session, _MINUTE // 2)
    before = {key: redis.pexpiretime(key) for key in redis.scan_iter(f"*{session}:*")}
    replies.read(store, session, said.reply_id)
    sessions.state(store, session)
    sessions.transcript(store, session)
    assert {key: redis.pexpiretime(key) for key in before} == before


def test_a_shorter_life_holds_from_the_next_access_on(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    talk(store, session, 1)
    (week,) = ends(redis, store, session)
    sessions.configure(store, session, SessionSettings(ttl=100.0))
    compactions.request(store, session)
    (now,) = ends(redis, store, session)
    assert week - now > _WEEK - 200_000
