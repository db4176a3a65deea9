"""Leases, on a real Redis: whatever happens to one round of renewals, there is a next one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import msgspec
import pytest
import redis as redis_py
from redis.exceptions import ResponseError

from backscroll.answering import lease as module
from backscroll.answering.lease import Lease, Leases
from backscroll.errors import LeaseLost
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import keys, submissions, turns
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import key
from tests.stack.conditions import until

SAID = "in confidence"


class Stumbling:
    """Renews leases, and raises in its next `left` calls on the thread `on`."""

    def __init__(self, on: str) -> None:
        self.on = on
        self.left = 0

    def __call__(self, store: Store, held: Sequence[tuple[Session, str]]) -> list[bool]:
        if self.left and threading.current_thread().name == self.on:
            self.left -= 1
            raise ResponseError(SAID)
        return turns.renew(store, held)


@pytest.fixture
def brief(store: Store) -> Iterator[Store]:
    """A store with leases that are renewed several times a second."""
    found = Store(msgspec.structs.replace(store.settings, lock_lease=0.6))
    yield found
    found.close()


@pytest.fixture
def leases(brief: Store) -> Iterator[Leases]:
    found = Leases(brief)
    yield found
    found.close()


def taken(store: Store, session: Session) -> Lease:
    found = Lease(session)
    submissions.submit(store, session, Submission(parts=(Text("hello"),)))
    assert turns.claim(store, session, found.token, ceiling=1000) is not None
    return found


def lost(lease: Lease) -> bool:
    try:
        lease.check()
    except LeaseLost:
        return True
    return False


def test_a_round_that_raises_what_nobody_expected_is_not_the_last_one(
    brief: Store,
    leases: Leases,
    session: Session,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stumbling = Stumbling("leases")
    monkeypatch.setattr(module, "renew", stumbling)
    stumbling.left = 1
    lease, lock = taken(brief, session), key(brief, session, "lock")
    redis.pexpire(lock, 60_000)
    with leases.keep(lease):
        until("a round has failed", lambda: not stumbling.left)
        redis.pexpire(lock, 60_000)
        until("it is renewed", lambda: redis.pttl(lock) < 30_000)
        redis.delete(lock)
        until("it is found lost", lambda: lost(lease))
    assert "leases not renewed: unexpected ResponseError" in caplog.text
    assert SAID not in caplog.text


def test_what_cannot_be_looked_at_when_it_is_heard_does_not_end_listening(
    brief: Store,
    leases: Leases,
    session: Session,
    redis: redis_py.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stumbling = Stumbling("listener")
    monkeypatch.setattr(module, "renew", stumbling)
    lease = taken(brief, session)
    redis.pexpire(key(brief, session, "lock"), 60_000)
    with leases.keep(lease):
        until("it listens", lambda: leases._dropped.listen(keys.DROPPED))
        stumbling.left = 2
        redis.publish(keys.DROPPED, b"\xff")  # no session: so all are looked at
        redis.publish(keys.DROPPED, str(session))
        until("it has stumbled", lambda: not stumbling.left)
        redis.delete(key(brief, session, "lock"))
        redis.publish(keys.DROPPED, str(session))
        until("the next one is heard", lambda: lost(lease))


def test_a_lease_of_a_process_that_cannot_listen_is_not_kept_for_ever(
    brief: Store, leases: Leases, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: str) -> bool:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(leases._dropped, "listen", fails)
    with pytest.raises(RuntimeError), leases.keep(Lease(session)):
        pass
    assert leases.held() == []
