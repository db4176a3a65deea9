"""What waits, as it is told to those who watch."""

from __future__ import annotations

import pytest

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import keys, submissions, work
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import begin, claim, commit, talk


@pytest.fixture
def store(own_store: Store) -> Store:
    """What waits is counted over all sessions."""
    return own_store


def turns(store: Store) -> tuple[int, float]:
    """Give the sessions with turns, and for how long the most overdue one was left alone."""
    found = work.read(store)
    return found.sessions, found.overdue


def compactions(store: Store) -> tuple[int, float]:
    """Give the same of compactions."""
    found = work.read(store)
    return found.compactions, found.compactions_overdue


def test_where_nothing_waits_nothing_is_due(store: Store) -> None:
    assert (turns(store), compactions(store)) == ((0, 0.0), (0, 0.0))


def test_a_session_is_due_from_its_message_until_its_answer(store: Store, session: Session) -> None:
    submissions.submit(store, session, Submission(parts=(Text("hello"),)))
    assert turns(store) == (1, 0.0)
    turn = claim(store, session, "token")
    assert turns(store) == (1, 0.0)
    commit(store, turn)
    assert turns(store) == (0, 0.0)


def test_what_nobody_has_looked_at_is_told_to_be_overdue(store: Store, session: Session) -> None:
    submissions.submit(store, session, Submission(parts=(Text("hello"),)))
    waiting, _ = keys.of_shard(session.shard(store.settings.shards))
    store.client.zincrby(waiting, -100_000, str(session))
    assert 100 - store.settings.ring_grace <= turns(store)[1] < 100


def test_a_compaction_knows_since_when_it_is_due(store: Store, session: Session) -> None:
    talk(store, session, 1)
    submissions.submit(store, session, Submission(parts=(Text("hello"),)))
    commit(store, claim(store, session, "token"), due=True)
    assert compactions(store)[0] == 1
    first = begin(store, session, "one").due_at
    assert first is not None
    assert begin(store, session, "one").due_at == first
