"""A compaction that somebody asks for: it is begun sooner or later, whatever is in work meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backscroll.errors import NotFound
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, sessions
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, claim, commit


def due(store: Store, session: Session) -> bool:
    return sessions.state(store, session).compaction_due


@pytest.fixture(autouse=True)
def four_turns(talked: Callable[[int], None]) -> None:
    talked(4)


def test_what_is_asked_for_is_due_and_says_how_much_stays(store: Store, session: Session) -> None:
    assert not due(store, session)
    compactions.request(store, session, keep=2)
    assert due(store, session)
    snapshot = begin(store, session, "c")
    assert snapshot.keep == 2
    assert bring(store, snapshot, 4) == "applied"
    assert not due(store, session)
    assert begin(store, session, "d").keep is None, "asked for once, done once"


def test_without_a_number_as_much_stays_as_ever(store: Store, session: Session) -> None:
    compactions.request(store, session)
    assert due(store, session)
    assert begin(store, session, "c").keep is None


def test_of_two_requests_the_later_one_says_how_much_stays(store: Store, session: Session) -> None:
    compactions.request(store, session, keep=2)
    compactions.request(store, session, keep=3)
    assert begin(store, session, "c").keep == 3


def test_nobody_can_ask_for_a_session_that_is_not_there(store: Store, session: Session) -> None:
    sessions.delete(store, session)
    with pytest.raises(NotFound):
        compactions.request(store, session)
    with pytest.raises(NotFound):
        sessions.state(store, session)


@pytest.mark.parametrize("how", ["refuse", "give_back"])
def test_what_was_asked_for_and_came_to_nothing_is_tried_again(
    store: Store, session: Session, how: str
) -> None:
    compactions.request(store, session, keep=2)
    snapshot = begin(store, session, "c")
    if how == "refuse":
        compactions.refuse(store, snapshot, "empty", 10)
    else:
        compactions.give_back(store, snapshot)
    assert due(store, session)
    assert begin(store, session, "d").keep == 2


@pytest.mark.parametrize("how", ["finish", "discarded"])
def test_what_was_asked_for_and_is_over_is_not_tried_again(store: Store, session: Session, how: str) -> None:
    compactions.request(store, session, keep=2)
    snapshot = begin(store, session, "c")
    if how == "finish":
        compactions.finish(store, snapshot)
    else:
        submit(store, session, Submission(parts=(Text("and now?"),)))
        claim(store, session, "t")
        assert bring(store, snapshot, 4) == "offered"
    assert not due(store, session)


def test_more_to_compact_is_compacted_as_it_was_asked_for(store: Store, session: Session) -> None:
    compactions.request(store, session, keep=1)
    bring(store, begin(store, session, "c"), 4, again=True)
    assert due(store, session)
    assert begin(store, session, "d").keep == 1


@pytest.mark.parametrize("ending", ["applied", "refused", "finished"])
def test_what_is_asked_for_while_a_compaction_is_in_work_comes_after_it(
    store: Store, session: Session, ending: str
) -> None:
    snapshot = begin(store, session, "c")
    compactions.request(store, session, keep=2)
    if ending == "applied":
        bring(store, snapshot, 2)
    elif ending == "refused":
        compactions.refuse(store, snapshot, "empty", 3600)
    else:
        compactions.finish(store, snapshot)
    assert due(store, session)
    assert begin(store, session, "d").keep == 2


def test_what_is_asked_for_behind_an_offer_comes_after_it(store: Store, session: Session) -> None:
    snapshot = begin(store, session, "c")
    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "t")
    assert bring(store, snapshot, 4) == "offered"
    compactions.request(store, session, keep=2)
    assert compactions.begin(store, session, "d") is None, "not before the offer is applied"
    commit(store, turn)
    assert due(store, session)
    assert begin(store, session, "e").keep == 2
