"""Stopping a call from another thread."""

from __future__ import annotations

import threading

import pytest

from backscroll.errors import LeaseLost, TransientError
from backscroll.model.stop import Stop


def test_nothing_happens_while_nobody_has_asked() -> None:
    stop = Stop()
    stop.check()
    stop.pause(0)


def test_the_first_reason_stays() -> None:
    stop = Stop()
    first = LeaseLost()
    stop.stop(first)
    stop.stop(TransientError("other", "other"))
    for ask in (stop.check, lambda: stop.pause(60)):
        with pytest.raises(LeaseLost) as caught:
            ask()
        assert caught.value is first


def test_a_pause_ends_as_soon_as_somebody_asks() -> None:
    stop = Stop()
    threading.Thread(target=stop.stop, args=(LeaseLost(),)).start()
    with pytest.raises(LeaseLost):
        stop.pause(600)  # the suite's own timeout is shorter


def test_a_call_in_work_is_ended_once() -> None:
    stop = Stop()
    ended: list[str] = []
    with stop.ending(lambda: ended.append("first")), stop.ending(lambda: ended.append("second")):
        stop.stop(LeaseLost())
        stop.stop(LeaseLost())
    assert sorted(ended) == ["first", "second"]


def test_a_call_that_begins_after_somebody_asked_is_ended_at_once() -> None:
    stop = Stop()
    stop.stop(LeaseLost())
    ended: list[str] = []
    with stop.ending(lambda: ended.append("late")):
        assert ended == ["late"]


def test_a_call_that_is_over_is_left_alone() -> None:
    stop = Stop()
    ended: list[str] = []
    with stop.ending(lambda: ended.append("over")):
        pass
    stop.stop(LeaseLost())
    assert ended == []
