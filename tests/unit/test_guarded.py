"""A model that is down is left alone, by its name; one that answers whatever it may be is not down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backscroll.errors import (
    BackscrollError,
    LeaseLost,
    ModelUnavailable,
    PermanentError,
    TransientError,
)
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.model.asking import ask
from backscroll.model.guarded import Guarded
from backscroll.model.port import Answer, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import ModelSettings

SETTINGS = ModelSettings(
    reply_model="gemini-a",
    summary_model="gemini-b",
    reply_deadline=120,
    model_breaker_failures=5,
    model_probe_interval=5,
)
ANSWER = Answer(parts=(Text("good day"),), usage=Usage(), model="gemini-a", finish="stop")
REFUSED = TransientError("model_unreachable", "no connection")


class Scripted:
    """Does for each model what it was told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.acts: dict[str, BackscrollError] = {}
        self.asked = 0
        self.now = 0.0

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        self.asked += 1
        if prompt.model in self.acts:
            raise self.acts[prompt.model]
        return ANSWER


@pytest.fixture
def model() -> Scripted:
    return Scripted()


@pytest.fixture
def guarded(model: Scripted) -> Guarded:
    return Guarded(model, SETTINGS, clock=lambda: model.now)


def call(guarded: Guarded, name: str = "gemini-a") -> Answer | BackscrollError:
    prompt = Prompt(model=name, contents=())
    try:
        return guarded.generate(prompt, timeout=1, deadline=1, stop=Stop())
    except BackscrollError as error:
        return error


def fail(guarded: Guarded, model: Scripted, name: str = "gemini-a", error: BackscrollError = REFUSED) -> None:
    """Have a model fail for more than half a minute."""
    model.acts[name] = error
    for _ in range(10):
        call(guarded, name)
        model.now += 4
    call(guarded, name)  # the next one that is let through comes five seconds later


def test_a_model_that_is_down_is_left_alone(guarded: Guarded, model: Scripted) -> None:
    fail(guarded, model)
    model.now += 5
    asked = model.asked
    answers = [call(guarded) for _ in range(100)]
    assert model.asked == asked + 1, "one of them was let through, to see"
    assert all(isinstance(answer, ModelUnavailable) for answer in answers), "nor does that one try on"


def test_it_is_found_to_be_back_by_the_call_that_is_let_through(guarded: Guarded, model: Scripted) -> None:
    fail(guarded, model)
    model.acts.clear()
    model.now += 5
    assert [call(guarded) for _ in range(3)] == [ANSWER] * 3


def test_a_storm_that_is_over_soon_is_left_to_retries(guarded: Guarded, model: Scripted) -> None:
    model.acts["gemini-a"] = REFUSED
    for _ in range(100):
        call(guarded)
        model.now += 0.2
    model.acts.clear()
    assert call(guarded) is ANSWER


def test_another_model_is_asked_as_ever(guarded: Guarded, model: Scripted) -> None:
    fail(guarded, model)
    assert call(guarded, "gemini-b") is ANSWER
    assert call(guarded, "gemini-named-by-a-client") is ANSWER


@pytest.mark.parametrize("code", ["model_unreachable", "model_unavailable", "model_timeout", "deadline"])
def test_what_says_that_nobody_is_there_counts(guarded: Guarded, model: Scripted, code: str) -> None:
    fail(guarded, model, error=TransientError(code, "nobody is there"))
    assert isinstance(call(guarded), ModelUnavailable)


@pytest.mark.parametrize(
    "error",
    [
        TransientError("model_rate_limited", "429", delay=60.0),
        TransientError("model_garbled", "no JSON"),
        PermanentError("model_refused", "400"),
        LeaseLost(),
    ],
)
def test_whatever_was_answered_or_broken_off_does_not(
    guarded: Guarded, model: Scripted, error: BackscrollError
) -> None:
    model.acts["gemini-a"] = error
    for _ in range(50):
        assert call(guarded) is error
        model.now += 5


def test_an_answer_of_any_kind_closes_it(guarded: Guarded, model: Scripted) -> None:
    fail(guarded, model)
    limited = TransientError("model_rate_limited", "429", delay=60.0)
    model.acts["gemini-a"] = limited
    model.now += 5
    assert [call(guarded) for _ in range(3)] == [limited] * 3, "each may ask for its pause"


def test_models_that_clients_name_are_guarded_up_to_a_number(guarded: Guarded, model: Scripted) -> None:
    for number in range(200):
        call(guarded, f"gemini-{number}")
    fail(guarded, model, "gemini-199")
    assert call(guarded, "gemini-199") is REFUSED


def test_who_asks_gives_up_at_once(guarded: Guarded, model: Scripted) -> None:
    fail(guarded, model)
    pauses: list[float] = []
    stop: Stop = _hurried(pauses.append)
    with pytest.raises(ModelUnavailable):
        ask(guarded, Prompt(model="gemini-a", contents=()), deadline=120, timeout=60, stop=stop)
    assert pauses == []


def _hurried(note: Callable[[float], None]) -> Stop:
    class Hurried(Stop):
        def pause(self, seconds: float) -> None:
            note(seconds)

    return Hurried()


def test_names_that_clients_make_up_leave_the_deployments_own_models_their_breakers(
    guarded: Guarded, model: Scripted
) -> None:
    for number in range(100):
        call(guarded, f"made-up-{number}")
    fail(guarded, model)
    before = model.asked
    assert isinstance(call(guarded), ModelUnavailable)
    assert model.asked == before
