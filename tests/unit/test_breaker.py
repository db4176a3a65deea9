"""The circuit breaker, with a clock that is moved by hand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from backscroll import metrics
from backscroll.breaker import Breaker
from tests.stack.clock import Clock
from tests.stack.conditions import until


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """Opens after three failures, and lets a request through every five seconds."""
    return Breaker("a model", probe_interval=5, failures_to_open=3, clock=clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.failed("refused")


def test_failures_in_a_row_open_it_and_others_do_not(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.admits()
    fail(breaker)
    assert not breaker.admits()
    assert breaker.is_open


def test_open_it_lets_one_request_through_in_each_interval(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 4.9
    assert [breaker.admits() for _ in range(3)] == [False] * 3
    clock.now += 0.1
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    fail(breaker)
    clock.now += 5
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_probe_that_never_says_how_it_went_keeps_nobody_from_the_next(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, 3)
    for _ in range(3):
        clock.now += 5
        assert breaker.admits()


def test_a_success_closes_it_and_the_next_row_is_counted_anew(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 5
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    fail(breaker, 2)
    assert breaker.admits()


def test_what_was_down_long_ago_is_asked_by_all_again_until_the_first_failure(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(breaker, 3)
    clock.now += 49
    assert [breaker.admits() for _ in range(3)] == [True, False, False], "it was down a moment ago"
    clock.now += 50
    assert [breaker.admits() for _ in range(3)] == [True, True, True]
    assert not breaker.is_open
    assert caplog.messages[-1] == "a model was down when it was last asked, and is asked by all again"
    fail(breaker)
    assert [breaker.admits() for _ in range(3)] == [False] * 3, "nobody waits for two failures more"


def test_one_that_opens_at_the_first_failure_does_so_again_at_once(clock: Clock) -> None:
    breaker = Breaker("a model", probe_interval=5, lasting=30, clock=clock)
    fail(breaker)
    clock.now += 30
    fail(breaker)
    assert breaker.is_open
    clock.now += 50
    assert breaker.admits()
    fail(breaker)
    assert breaker.is_open


def test_what_is_asked_in_vain_all_the_time_is_not_forgotten(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    for _ in range(100):
        clock.now += 5
        assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_row_of_failures_must_have_lasted(clock: Clock) -> None:
    breaker = Breaker("a model", probe_interval=5, failures_to_open=3, lasting=30, clock=clock)
    fail(breaker, 50)
    assert breaker.admits(), "a storm within a moment is left to retries"
    clock.now += 30
    fail(breaker)
    assert not breaker.admits()


def test_each_change_is_logged_once_and_shown(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    breaker = Breaker("another model", probe_interval=5, clock=clock)
    gauge = metrics.BREAKER_OPEN.labels("another model")
    caplog.set_level(logging.INFO)
    fail(breaker, 30)
    assert gauge._value.get() == 1
    breaker.succeeded()
    breaker.succeeded()
    assert gauge._value.get() == 0
    assert [record.getMessage() for record in caplog.records] == [
        "another model is down, and calls to it fail at once: refused",
        "another model is back after 0.0 s",
    ]


class Probe:
    """Tells what it is told to; counts how often it was asked, and by how many at a time."""

    def __init__(self) -> None:
        self.back = False
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        back = self.back
        with self._lock:
            self.at_once -= 1
        return back


@pytest.fixture
def probe() -> Probe:
    return Probe()


@pytest.fixture
def probing(probe: Probe) -> Iterator[Breaker]:
    found = Breaker("a store", probe_interval=0.01, probe=probe)
    yield found
    found.dispose()


def test_with_a_probe_of_its_own_no_request_is_let_through(probing: Breaker, probe: Probe) -> None:
    fail(probing)
    until("it was probed again and again", lambda: probe.asked > 5)
    assert not any(probing.admits() for _ in range(100))
    probe.back = True
    until("it is closed", probing.admits)
    asked = probe.asked
    fail(probing)
    until("it is probed anew", lambda: probe.asked > asked)


def test_one_that_opens_as_its_prober_ends_is_probed_all_the_same(
    probing: Breaker, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody calls meanwhile: who waits for it to close would wait for ever."""
    closed, opened = threading.Event(), threading.Event()
    succeeded = probing.succeeded

    def succeeds() -> None:
        succeeded()
        if not closed.is_set():
            closed.set()
            assert opened.wait(10)

    monkeypatch.setattr(probing, "succeeded", succeeds)
    probe.back = True
    fail(probing)
    assert closed.wait(10)
    fail(probing)
    opened.set()
    until("it is closed", lambda: not probing.is_open)


def test_many_who_fail_at_once_have_it_probed_by_one(probing: Breaker, probe: Probe) -> None:
    threads = [threading.Thread(target=fail, args=(probing, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until("it was probed", lambda: probe.asked > 5)
    assert probe.most_at_once == 1


def test_a_probe_that_fails_as_nobody_expected_is_not_the_last_one(
    probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    said = "in confidence"
    failed: list[bool] = []

    def stumbles() -> bool:
        if not failed:
            failed.append(True)
            raise RuntimeError(said)
        return probe()

    breaker = Breaker("a store", probe_interval=0.01, probe=stumbles)
    probe.back = True
    fail(breaker)
    until("it is closed, and nobody has called", lambda: not breaker.is_open)
    assert failed
    assert "a store not probed: unexpected RuntimeError" in caplog.text
    assert said not in caplog.text


def test_what_is_not_needed_any_more_is_not_probed(probe: Probe) -> None:
    breaker = Breaker("a store", probe_interval=0.01, probe=probe)
    breaker.dispose()
    fail(breaker)
    assert not breaker.admits()
    assert probe.asked == 0
