"""What is said of a finished turn: whether its size was measured, and whether a compaction is due."""

from __future__ import annotations

import pytest

from backscroll.answering.lease import Lease
from backscroll.answering.turn import work
from backscroll.compaction.window import given
from backscroll.errors import TransientError
from backscroll.messages import tokens
from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.model.port import Answer, Heard, Model, Prompt
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import BudgetSettings, ModelSettings, Settings
from backscroll.store.redis import Store
from backscroll.store.turns import Completed, Context, Turn
from tests.unit.conversations import messages, plain_turn

SESSION = Session("t", "s")
COUNTED = Usage(prompt_tokens=400, output_tokens=20)
HISTORY = messages(*[plain_turn(40)] * 4)
CHAPTER = Chapter(
    first=1, last=2, text="n" * 4000, model="m", prompt="1", ts=1, tokens_before=2000, tokens_after=1000
)


class Answers:
    """A model that says what it has counted."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        return Answer(parts=(Text("so"),), model=prompt.model, usage=self._usage, finish="stop")


def completed(context: Context, usage: Usage = COUNTED, **budget: int) -> Completed:
    return worked(Answers(usage), context, Settings(budget=BudgetSettings(**budget)))


def worked(model: Model, context: Context, settings: Settings) -> Completed:
    turn = Turn(
        session=SESSION,
        token="token",
        reply_id="r",
        request=(Text("And now?"),),
        model=None,
        attempt=1,
        accepted_at=1,
        context=context,
    )
    store = Store(settings.store)  # never asked: there are no media
    outcome = work(turn, store, model, settings, Lease(SESSION), given(settings.budget))
    assert isinstance(outcome, Completed)
    return outcome


def test_what_the_model_has_counted_is_measured() -> None:
    found = completed(Context(messages=HISTORY, last=8))
    assert (found.tokens, found.measured) == (420, True)


def test_what_the_model_has_not_counted_is_estimated() -> None:
    found = completed(Context(messages=HISTORY, last=8), Usage())
    assert not found.measured
    assert found.tokens > tokens.of_messages(HISTORY)


@pytest.mark.parametrize(
    "context",
    [
        Context(messages=HISTORY, last=20, watermark=10),
        Context(messages=messages(*[plain_turn(4000)] * 4), last=8),
        Context(messages=HISTORY, chapters=(CHAPTER,) * 3, last=10, watermark=2),
    ],
    ids=["the claim returned the newest only", "older turns did not fit", "older chapters did not fit"],
)
def test_a_context_of_which_something_was_left_out_is_not_measured(context: Context) -> None:
    assert not completed(context, ceiling_tokens=2500).measured


def test_after_a_restore_the_number_of_turns_makes_no_compaction_due() -> None:
    many = Context(messages=messages(*[plain_turn(40)] * 20), last=40)
    restored = Context(messages=many.messages, last=40, restored=True)
    assert completed(many).compaction_due
    assert not completed(restored).compaction_due
    assert completed(restored, context_tokens=400).compaction_due


class DownUnless(Answers):
    """A model of which only one version is up."""

    def __init__(self, up: str) -> None:
        super().__init__(COUNTED)
        self._up = up

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        if prompt.model != self._up:
            raise TransientError("model_unavailable", "down")
        return super().generate(prompt, timeout=timeout, deadline=deadline, stop=stop, heard=heard)


def test_f30_the_words_of_the_fallback_model_are_its_own() -> None:
    # Its signatures would go to the first model with the next turn, which refuses them.
    models = ModelSettings(reply_model="first", fallback_model="other", reply_deadline=0.1)
    assert worked(DownUnless("other"), Context(), Settings(model=models)).asked == "other"
