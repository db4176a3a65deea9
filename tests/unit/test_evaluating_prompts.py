"""Steps of a schedule, the stable prefix of prompts, and the ways that this project is compared with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backscroll.compaction.window import Window
from backscroll.evaluating import baselines, prompts
from backscroll.evaluating.conversations import Conversation, Fact
from backscroll.evaluating.count import Count
from backscroll.evaluating.prompts import Asked, Following, Prompts
from backscroll.evaluating.schedule import steps
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.model.port import Answer, Content, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import Settings
from tests.unit.conversations import messages, said, tool_turn

WINDOW = Window(recent_turns=2, recent_tokens=10_000, trigger_turns=3, context_tokens=10_000)


@given(st.integers(0, 400), st.integers(1, 12))
def test_steps_are_nearly_equal_and_cover_all_turns_but_the_newest(turns: int, compactions: int) -> None:
    plan = steps(turns, compactions)
    assert len(plan) == min(compactions, max(0, turns - 1))
    assert [0, *plan][-1] == max(0, turns - 1)
    sizes = [after - before for before, after in zip([0, *plan], plan, strict=False)]
    assert all(size >= 1 for size in sizes)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


def content(role: str, *texts: str) -> Content:
    return Content(role, tuple(map(Text, texts)))  # type: ignore[arg-type]


A, B, C, D = (letter * 40 for letter in "abcd")  # ten tokens each


def test_a_prompt_that_begins_like_the_last_one_is_stable_up_to_there() -> None:
    following = Following()
    assert following.next(1, [content("user", A)]) == Asked(1, 10, 0)
    assert following.next(2, [content("user", A), content("model", B), content("user", C)]) == Asked(
        2, 30, 10
    )
    assert following.next(3, [content("user", A), content("model", B), content("user", D)]) == Asked(
        3, 30, 20
    )


def test_a_part_in_another_place_or_role_is_not_stable() -> None:
    following = Following()
    following.next(1, [content("user", A, B)])
    assert following.next(2, [content("user", A), content("model", B)]).stable == 10
    assert following.next(3, [content("model", A), content("user", B)]).stable == 0
    assert following.next(4, [content("user", C), content("user", B)]).stable == 0, "nothing after a change"


def test_prompts_are_added_up_to_a_turn_and_cached_ones_cost_a_tenth() -> None:
    asked = [Asked(1, 100, 0), Asked(2, 300, 100), Asked(2, 400, 300), Asked(3, 500, 400)]
    assert prompts.summed(asked) == Prompts(prompts=4, tokens=1300, stable=800, largest=500)
    assert prompts.summed(asked, 2) == Prompts(prompts=3, tokens=800, stable=400, largest=400)
    assert prompts.summed(asked).billed == pytest.approx(500 + 80)
    assert prompts.added([prompts.summed(asked), prompts.summed([])]).tokens == 1300


class Summariser:
    """Writes the same summary each time, and keeps what it was asked."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[str] = []

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        [part] = prompt.contents[0].parts
        assert isinstance(part, Text)
        self.asked.append(part.text)
        return Answer(parts=(Text(self.text),), usage=Usage(), model="m", finish="stop")


def talk(turns: int) -> Conversation:
    return Conversation(
        id="talk",
        messages=messages(
            *([said("user", f"number {n:03}"), said("model", f"reply {n:03}")] for n in range(turns))
        ),
        facts=tuple(Fact(kind="number", text=f"{n:03}", msg=2 * n, key=True) for n in range(turns)),
    )


def test_the_articles_way_keeps_its_window_and_what_stands_in_300_characters() -> None:
    model = Summariser("000, 001 and later " + "x" * 290 + " 002")
    way = baselines.article(talk(9), WINDOW, model, Settings(), Stop())
    assert way.in_notes.key.both == Count(2, 7), "002 stands behind the 300th character"
    assert way.in_context.key.both == Count(4, 9)
    assert len(way.asked) == 9
    assert way.compactions == 3
    assert "Summary so far" not in model.asked[0]
    assert model.asked[1].startswith("Summary so far: 000, 001 and later")
    assert "[5] user: number 002" in model.asked[1]


def test_a_window_alone_knows_the_newest_turns_only() -> None:
    way = baselines.window_only(talk(9), WINDOW)
    assert way.in_notes.key.both == Count(0, 7)
    assert way.in_context.key.both == Count(2, 9)
    assert len({asked.prompt for asked in way.asked[2:]}) == 1, "prompts do not grow"


def test_everything_is_held_by_sending_everything_and_each_prompt_begins_with_the_last() -> None:
    conversation = talk(9)
    way = baselines.everything(conversation)
    assert way.in_context.key.both == Count(9, 9)
    assert way.in_notes.key.both == Count(0, 0)
    assert [asked.stable for asked in way.asked] == [0, *(asked.prompt for asked in way.asked[:-1])]


def test_each_round_of_a_tool_is_a_prompt_of_its_turn() -> None:
    conversation = Conversation(id="t", messages=messages(tool_turn(2), tool_turn(0)))
    assert [asked.turn for asked in baselines.everything(conversation).asked] == [1, 1, 1, 2]
    assert [asked.turn for asked in baselines.window_only(conversation, WINDOW).asked] == [1, 1, 1, 2]
