"""The work that waits in the deployment is counted, and how long it has waited; nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backscroll.messages.part import Text
from backscroll.running import embedded_redis
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import compactions, keys, submissions, work
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from backscroll.store.work import Work
from tests.integration.acting import begin, claim, commit
from tests.stack.conditions import until


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Store]:
    """A store in which nobody else has work."""
    server = embedded_redis.start(tmp_path, fsync="no")
    store = Store(StoreSettings(redis_url=server.url, shards=4))
    yield store
    store.close()
    server.stop()


def say(store: Store, session: Session) -> None:
    submissions.submit(store, session, Submission(parts=(Text("said"),)))


def test_turns_and_compactions_are_counted_with_the_age_of_the_oldest(alone: Store) -> None:
    assert work.read(alone) == Work()
    one, other = Session("t", "one"), Session("t", "other")
    for session in (one, one, other):
        say(alone, session)
    turn = claim(alone, one, "token")
    waiting = work.read(alone)
    assert (waiting.sessions, waiting.locked, waiting.replies) == (2, 1, 3)
    assert waiting.oldest_reply is not None
    assert waiting.oldest_reply < 60
    assert waiting.lag is None

    commit(alone, turn, due=True)
    due = work.read(alone)
    assert (due.compactions, due.replies) == (1, 2)
    assert due.lag is not None


def test_a_session_that_was_damaged_hides_no_other(alone: Store) -> None:
    damaged, whole = Session("t", "damaged"), Session("t", "whole")
    for session in (damaged, whole):
        say(alone, session)
        commit(alone, claim(alone, session, "token"), due=True)
        say(alone, session)
    found = keys.of_session(damaged, alone.settings.shards)
    for name in (":inbox", ":meta"):
        key = next(each for each in found if each.endswith(name))
        alone.client.delete(key)
        alone.client.set(key, "damaged", px=60_000)
    odd = Session("t", "odd")
    say(alone, odd)
    reply = next(alone.client.scan_iter(match="*:t/odd:reply:*"))
    alone.client.hset(reply, "created_at", "no number")
    waiting = work.read(alone)
    assert (waiting.sessions, waiting.replies, waiting.compactions) == (3, 2, 2)
    assert waiting.oldest_reply is not None
    assert waiting.lag is not None


def test_the_lag_goes_on_over_tries_and_ends_with_the_compaction(alone: Store) -> None:
    session = Session("t", "one")
    say(alone, session)
    commit(alone, claim(alone, session, "token"), due=True)

    def lag() -> float:
        return work.read(alone).lag or 0.0

    until("the compaction is late", lambda: lag() > 0.05)
    snapshot = begin(alone, session, "try 1")
    compactions.refuse(alone, snapshot, "empty", 0.0)
    assert lag() > 0.05, "a refused one is as late as it was"
    compactions.finish(alone, begin(alone, session, "try 2"))
    assert work.read(alone).lag is None
