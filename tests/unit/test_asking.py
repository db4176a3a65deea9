"""Asking a model until it answers, on a clock that only sleeping and the model itself move."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import tenacity

from backscroll.errors import LeaseLost, PermanentError, TransientError
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.model import asking
from backscroll.model.asking import LONG_PAUSE, AskedToPause, ask
from backscroll.model.port import Answer, Content, Heard, Prompt
from backscroll.model.stop import Stop

PROMPT = Prompt(model="m", contents=(Content("user", (Text("hello"),)),))
ANSWER = Answer(parts=(Text("hi"),), usage=Usage(), model="m", finish="stop")
BUSY = TransientError("model_unavailable", "503")


class Clock(Stop):
    """Time as the asking sees it: a pause moves it and takes none. `slept` are the pauses."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.slept: list[float] = []

    def pause(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.check()


@dataclass
class Scripted:
    """A model that does as it is told, call after call, and then the last of it for ever.

    `takes` are the seconds that each call lasts, `limits` what each was given: timeout and deadline.
    """

    clock: Clock
    acts: list[Exception | Answer]
    takes: float = 0.0
    limits: list[tuple[float, float]] = field(default_factory=list)

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        assert prompt is PROMPT
        assert stop is self.clock
        self.limits.append((timeout, deadline))
        self.clock.now += self.takes
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(act, Exception):
            raise act
        return act


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    virtual = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(asking, "time", virtual)
    monkeypatch.setattr(tenacity, "time", virtual)
    return clock


def asked(model: Scripted, *, deadline: float = 60.0, timeout: float = 20.0) -> Answer:
    return ask(model, PROMPT, deadline=deadline, timeout=timeout, stop=model.clock)


def test_an_answer_is_given_back_as_it_came(clock: Clock) -> None:
    assert asked(Scripted(clock, [ANSWER])) is ANSWER
    assert clock.slept == []


def test_a_transient_error_is_tried_again(clock: Clock) -> None:
    model = Scripted(clock, [BUSY, BUSY, ANSWER])
    assert asked(model) is ANSWER
    assert len(model.limits) == 3
    assert len(clock.slept) == 2


def test_pauses_are_at_random_and_may_grow_from_half_a_second_to_twenty(clock: Clock) -> None:
    with pytest.raises(TransientError):
        asked(Scripted(clock, [BUSY]), deadline=3000)
    assert all(0 <= pause <= min(20, 0.5 * 2**tried) for tried, pause in enumerate(clock.slept))
    assert len(set(clock.slept)) == len(clock.slept)
    assert max(clock.slept) > 8


def test_the_pause_that_the_server_names_is_kept_to_the_second(clock: Clock) -> None:
    limited = [TransientError("model_rate_limited", "429", delay=delay) for delay in (0.0, 3.5, LONG_PAUSE)]
    assert asked(Scripted(clock, [*limited, ANSWER])) is ANSWER
    assert clock.slept == [0.0, 3.5, LONG_PAUSE]


def test_a_long_pause_is_not_waited_out_but_passed_on(clock: Clock) -> None:
    model = Scripted(clock, [BUSY, TransientError("model_rate_limited", "429", delay=42.0), ANSWER])
    with pytest.raises(AskedToPause) as caught:
        asked(model)
    assert caught.value.pause == 42.0
    assert len(model.limits) == 2


def test_a_permanent_error_is_not_tried_again(clock: Clock) -> None:
    model = Scripted(clock, [PermanentError("model_refused", "400"), ANSWER])
    with pytest.raises(PermanentError, match="400"):
        asked(model)
    assert len(model.limits) == 1


def test_the_deadline_ends_it_with_the_last_error(clock: Clock) -> None:
    last = TransientError("model_rate_limited", "429", delay=7.0)
    model = Scripted(clock, [BUSY, last])
    with pytest.raises(TransientError) as caught:
        asked(model, deadline=30)
    assert caught.value is last
    assert clock.now <= 1030


def test_a_pause_that_would_outlast_the_deadline_is_not_begun(clock: Clock) -> None:
    with pytest.raises(TransientError, match="429"):
        asked(Scripted(clock, [TransientError("model_rate_limited", "429", delay=9.0)]), deadline=5)
    assert clock.slept == []


def test_calls_that_take_their_time_count_towards_the_deadline(clock: Clock) -> None:
    model = Scripted(clock, [TransientError("model_timeout", "silent", delay=0.0)], takes=20)
    with pytest.raises(TransientError, match="silent"):
        asked(model, deadline=60)
    assert len(model.limits) == 3


def test_one_try_is_given_no_longer_than_what_is_left_of_the_deadline(clock: Clock) -> None:
    wait = TransientError("model_rate_limited", "429", delay=8.0)
    model = Scripted(clock, [wait, wait, ANSWER])
    asked(model, deadline=25, timeout=20)
    assert model.limits == [(20, 25), (17, 17), (9, 9)]


def test_a_stop_during_a_call_is_not_tried_again(clock: Clock) -> None:
    model = Scripted(clock, [LeaseLost(), ANSWER])
    with pytest.raises(LeaseLost):
        asked(model)
    assert len(model.limits) == 1


def test_a_stop_during_a_pause_ends_it(clock: Clock) -> None:
    clock.stop(LeaseLost())
    model = Scripted(clock, [BUSY, ANSWER])
    with pytest.raises(LeaseLost):
        asked(model)
    assert len(model.limits) == 1


def test_a_mistake_of_our_own_is_not_tried_again(clock: Clock) -> None:
    model = Scripted(clock, [ValueError("a mistake of our own"), ANSWER])
    with pytest.raises(ValueError, match="our own"):
        asked(model)
    assert len(model.limits) == 1
