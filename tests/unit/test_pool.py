"""Threads that work on sessions: so many at a time, each session by one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from backscroll.answering.pool import Pool
from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from tests.stack.conditions import until

ONE, TWO, THREE = (Session("tests", name) for name in ("one", "two", "three"))


class Work:
    """Holds each session until it is let go, and notes which ones were worked on."""

    def __init__(self) -> None:
        self.done: list[Session] = []
        self.go = threading.Event()
        self.fails = False

    def __call__(self, session: Session) -> None:
        assert self.go.wait(10)
        self.done.append(session)
        if self.fails:
            raise StoreUnavailable("away")


@pytest.fixture
def work() -> Iterator[Work]:
    found = Work()
    yield found
    found.go.set()


def test_it_takes_as_many_as_it_may_and_then_no_more(work: Work) -> None:
    pool = Pool("tests", 2)
    assert [pool.begin(session, work) for session in (ONE, TWO, THREE)] == [True, True, False]
    assert not pool.wait(0.01)
    work.go.set()
    assert pool.wait(10)
    assert sorted(map(str, work.done)) == [str(ONE), str(TWO)]
    assert pool.begin(THREE, work)
    assert pool.wait(10)


def test_a_session_that_is_in_work_is_worked_on_once_more_afterwards(work: Work) -> None:
    pool = Pool("tests", 1)
    assert all(pool.begin(ONE, work) for _ in range(5))
    work.go.set()
    assert pool.wait(10)
    assert work.done == [ONE, ONE]


def test_a_store_that_goes_away_ends_it_and_leaves_the_room_to_others(work: Work) -> None:
    pool = Pool("tests", 1)
    work.fails = True
    work.go.set()
    assert pool.begin(ONE, work)
    until("there is room again", lambda: pool.begin(TWO, work))
    assert pool.wait(10)


def test_a_pool_without_room_takes_nothing(work: Work) -> None:
    assert not Pool("tests", 0).begin(ONE, work)


def test_what_is_begun_as_the_last_look_ends_is_not_lost(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool("tests", 1)
    begun: list[bool] = []

    class Changed(threading.Condition):
        def __exit__(self, *raised: object) -> None:
            super().__exit__(*raised)
            if work.done and not begun:
                begun.append(True)
                pool.begin(ONE, work)

    monkeypatch.setattr(pool, "_changed", Changed())
    work.go.set()
    assert pool.begin(ONE, work)
    until("it is worked on again", lambda: work.done == [ONE, ONE])


def test_an_error_that_nobody_expected_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "in confidence"

    def fails(session: Session) -> None:
        raise RuntimeError(said)

    pool = Pool("tests", 1)
    assert pool.begin(ONE, fails)
    assert pool.wait(10)
    until("it is logged", lambda: "unexpected RuntimeError" in caplog.text)
    assert said not in caplog.text + capfd.readouterr().err
