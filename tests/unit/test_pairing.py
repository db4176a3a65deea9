"""Calls and responses as a model takes them: one response to each call, right behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.answering.context import build_prompt
from backscroll.answering.pairing import pair, without_responses
from backscroll.messages import message as grouping
from backscroll.messages import tokens
from backscroll.messages.message import Message
from backscroll.messages.part import Other, Part, Text
from backscroll.messages.tool_data import call_of, response_of
from backscroll.model.port import Content
from backscroll.settings import BudgetSettings, Settings
from backscroll.store.turns import Context
from tests.unit import conversations as talk
from tests.unit.claimed import turn


def call(name: str = "look_up", ident: str | None = None) -> Other:
    named = {"id": ident, "name": name} if ident else {"name": name}
    return Other({"type": "function_call", "functionCall": {**named, "args": {}}})


def response(name: str = "look_up", ident: str | None = None, **values: Any) -> Other:
    named = {"id": ident, "name": name} if ident else {"name": name}
    return Other({"type": "function_response", "functionResponse": {**named, "response": values}})


def said(*turns: Sequence[Part]) -> list[Content]:
    """The user and the model in turns, the user first."""
    return [Content("model" if number % 2 else "user", tuple(parts)) for number, parts in enumerate(turns)]


def check(contents: Sequence[Content]) -> None:
    """Fail where a model would refuse the contents, as Gemini does."""
    calls: list[str] = []
    for content in contents:
        assert content.parts
        answers = [found.name for part in content.parts if (found := response_of(part))]
        assert sorted(answers) == sorted(calls), "as many responses as calls, and right behind them"
        calls = [found.name for part in content.parts if (found := call_of(part))]
        assert content.role == "model" or not calls
    assert not calls, "the last word is the user's"


def test_what_matches_stays_as_it_is() -> None:
    contents = said(
        [Text("hi")], [call("a"), call("b")], [response("b"), response("a")], [Text("so")], [Text("ok")]
    )
    assert pair(contents) == tuple(contents)


def test_f32_a_plain_message_behind_an_open_call_is_sent_with_an_answer_to_the_call() -> None:
    # Elsewhere an interrupted tool call wedged the session for ever: each later request was refused.
    _, _, last = pair(said([Text("hi")], [call("a", "1")], [Text("never mind")]))
    first, second = last.parts
    assert response_of(first) is not None
    assert isinstance(first, Other)
    assert first.raw["functionResponse"]["id"] == "1"
    assert "error" in first.raw["functionResponse"]["response"]
    assert second == Text("never mind")


def test_of_parallel_calls_the_one_that_was_not_answered_gets_an_answer_in_its_place() -> None:
    paired = pair(said([Text("hi")], [call("a"), call("b")], [response("b", x=1)]))
    check(paired)
    assert [found.name for part in paired[-1].parts if (found := response_of(part))] == ["a", "b"]
    assert paired[-1].parts[1] == response("b", x=1)


def test_calls_of_one_name_are_told_apart_by_their_ids() -> None:
    paired = pair(said([Text("hi")], [call("a", "1"), call("a", "2")], [response("a", "2", x=2)]))
    check(paired)
    assert paired[-1].parts[1] == response("a", "2", x=2)


def test_f08_a_response_without_its_call_is_told_as_text() -> None:
    # Elsewhere a response was left without its call: a 400 on every later turn.
    contents = said([Text("hi")], [Text("well")], [response("look_up", temp=7)])
    assert pair(contents)[-1].parts == (Text('(look_up gave: {"temp":7})'),)


def test_a_second_response_to_one_call_is_told_as_text() -> None:
    paired = pair(said([Text("hi")], [call()], [response(x=1), response(x=2)]))
    check(paired)
    assert paired[-1].parts == (response(x=1), Text('(look_up gave: {"x":2})'))


names = st.sampled_from("ab")
idents = st.sampled_from([None, "1", "2"])
users = st.lists(st.just(Text("said")) | st.builds(response, names, idents), min_size=1, max_size=4)
models = st.lists(st.just(Text("well")) | st.builds(call, names, idents), min_size=1, max_size=4)


@given(st.lists(st.tuples(users, models), max_size=4), users)
def test_whatever_was_said_is_sent_in_a_form_that_a_model_takes(
    rounds: list[tuple[list[Part], list[Part]]], last: list[Part]
) -> None:
    contents = said(*(parts for each in rounds for parts in each), last)
    paired = pair(contents)
    check(paired)
    assert [content.role for content in paired] == [content.role for content in contents]
    assert pair(paired) == paired
    for before, after in zip(contents, paired, strict=True):
        if before.role == "model":
            assert after == before
        else:
            assert [part for part in after.parts if part == Text("said")].count(
                Text("said")
            ) == before.parts.count(Text("said"))


@given(st.integers(1, 6), st.integers(1, 4000), st.integers(0, 5000))
def test_a_chain_of_calls_too_long_to_send_loses_its_oldest_results_and_no_call(
    rounds: int, size: int, room: int
) -> None:
    turn = talk.messages(talk.tool_turn(rounds, size))[:-1]
    shortened = without_responses(turn, room)
    assert len(shortened) == len(turn)
    if tokens.of_messages(turn) <= room:
        assert shortened == turn
    for before, after in zip(turn, shortened, strict=True):
        assert [call_of(part) for part in after.parts] == [call_of(part) for part in before.parts]
        assert len([*filter(response_of, after.parts)]) == len([*filter(response_of, before.parts)])


def prompt(history: Sequence[Message], request: tuple[Part, ...], ceiling: int) -> tuple[Content, ...]:
    context = Context(messages=tuple(history), last=len(history))
    said = turn(request, context)
    return build_prompt(said, Settings(budget=BudgetSettings(ceiling_tokens=ceiling))).contents


@pytest.mark.parametrize("ceiling", [300, 1_000, 3_000, 10_000])
def test_f08_no_prompt_of_a_real_conversation_has_a_call_or_a_response_alone(ceiling: int) -> None:
    # Elsewhere a response was left without its call: a 400 on every later turn.
    prompts = 0
    for history in talk.real_tool_conversations():
        for index, message in enumerate(history):
            if message.role == "user" and tokens.of_parts(message.parts) <= ceiling:
                check(prompt(history[:index], message.parts, ceiling))
                prompts += 1
    assert prompts > 500


def test_f32_a_real_conversation_goes_on_after_any_of_its_calls_in_plain_text() -> None:
    # Elsewhere an interrupted tool call wedged the session for ever.
    interrupted = 0
    for history in talk.real_tool_conversations():
        for index, message in enumerate(history, 1):
            if any(map(call_of, message.parts)):
                contents = prompt(history[:index], (Text("Stop. What do you know so far?"),), 10**6)
                check(contents)
                assert len(contents) == index + 1
                interrupted += 1
    assert interrupted > 100


def test_the_responses_to_calls_are_sent_with_them_however_little_room_there_is() -> None:
    # A long chain of calls is one turn: dropped as a whole, its newest response would stand alone.
    chain = talk.messages(talk.plain_turn(400), talk.tool_turn(5, 100))[:-2]
    assert call_of(chain[-1].parts[0]) is not None
    contents = prompt(chain, (talk.response(),), 400)
    check(contents)
    assert any(call_of(part) for part in contents[-2].parts)
    assert grouping.begins_turn(chain[2])
