"""Which turns a compaction covers, over histories that were drawn at random and ones that were real."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backscroll.compaction.plan import covered, is_due
from backscroll.compaction.window import Window
from backscroll.messages import message as grouping
from backscroll.messages import tokens
from backscroll.messages.message import Message, flatten
from tests.unit import conversations as talk
from tests.unit.conversations import Turn, messages, open_calls, plain_turn, said, tool_turn

histories = talk.turns
windows = st.builds(
    Window,
    recent_turns=st.integers(1, 12),
    recent_tokens=st.integers(100, 6000),
    trigger_turns=st.integers(0, 14),
    context_tokens=st.integers(100, 6000),
)
DEFAULT = Window(recent_turns=10, recent_tokens=12_000, trigger_turns=14, context_tokens=15_000)


@given(histories, windows)
def test_a_cut_falls_between_two_turns(turns: list[Turn], window: Window) -> None:
    ends = [sum(map(len, turns[:count])) for count in range(len(turns) + 1)]
    assert covered(messages(*turns), window) in ends


@given(histories, windows)
def test_as_many_of_the_newest_turns_stay_as_the_budget_allows(turns: list[Turn], window: Window) -> None:
    history = messages(*turns)
    kept = grouping.turns(history[covered(history, window) :])
    before = grouping.turns(history)[: -len(kept) or None]
    assert len(kept) <= window.recent_turns
    if len(kept) > 1:
        assert tokens.of_messages(flatten(kept)) <= window.recent_tokens
    if before and len(kept) < window.recent_turns:
        assert tokens.of_messages(flatten([before[-1], *kept])) > window.recent_tokens


@given(histories.filter(bool), windows)
def test_the_newest_turn_is_never_covered(turns: list[Turn], window: Window) -> None:
    history = messages(*turns)
    assert covered(history, window) <= len(history) - len(turns[-1])


@given(histories, windows)
def test_f08_a_cut_never_splits_a_call_from_its_response(turns: list[Turn], window: Window) -> None:
    # Elsewhere a response was left without its call: a 400 on every later turn.
    history = messages(*turns)
    cut = covered(history, window)
    assert open_calls(history[:cut]) == open_calls(history[cut:]) == []


def test_f08_no_cut_of_a_real_conversation_splits_a_call_from_its_response() -> None:
    # Elsewhere a response was left without its call: a 400 on every later turn.
    cuts = 0
    for history in talk.real_tool_conversations():
        for recent in range(1, len(grouping.turns(history))):
            cut = covered(history, replace(DEFAULT, recent_turns=recent, recent_tokens=10**9))
            assert cut > 0
            assert not open_calls(history[:cut])
            open_calls(history[cut:])  # one that is open at the end was never answered; none lacks its call
            cuts += 1
    assert cuts > 100


@given(histories, windows, st.integers(0, 20_000))
def test_a_compaction_that_is_due_has_something_to_cover(
    turns: list[Turn], window: Window, measured: int
) -> None:
    history = messages(*turns)
    if is_due(history, measured, window):
        assert covered(history, window) > 0
        assert measured > window.context_tokens or len(turns) > window.trigger_turns


@given(histories.filter(bool), windows, st.data())
def test_who_sees_only_the_oldest_messages_covers_no_more_of_them(
    turns: list[Turn], window: Window, data: st.DataObject
) -> None:
    history = messages(*turns)
    seen = data.draw(st.integers(1, len(history)))
    assert covered(history[:seen], window) <= covered(history, window)


def plain(count: int, size: int = 40) -> tuple[Message, ...]:
    return messages(*[plain_turn(size)] * count)


def test_more_turns_than_the_trigger_make_a_compaction_due() -> None:
    assert not is_due(plain(14), 0, DEFAULT)
    assert is_due(plain(15), 0, DEFAULT)
    assert covered(plain(15), DEFAULT) == 10


def test_tokens_alone_decide_where_the_trigger_is_0() -> None:
    window = replace(DEFAULT, trigger_turns=0)
    assert not is_due(plain(200), 15_000, window)
    assert is_due(plain(11), 15_001, window)


def test_what_was_measured_decides_and_not_what_was_estimated() -> None:
    assert not is_due(plain(12, size=40_000), 15_000, DEFAULT)
    assert is_due(plain(12), 15_001, DEFAULT)


@pytest.mark.parametrize("history", [(), plain(1, size=400_000), messages(tool_turn(30))])
def test_one_turn_alone_is_never_compacted_however_large(history: tuple[Message, ...]) -> None:
    assert not is_due(history, 1_000_000, DEFAULT)
    assert covered(history, DEFAULT) == 0


def test_recent_turns_beyond_their_tokens_are_covered_too() -> None:
    window = replace(DEFAULT, recent_turns=10, recent_tokens=1000)
    assert covered(plain(10, size=1000), window) == 2 * 8, "two of 500 tokens stay"


def test_a_response_stays_with_its_call_also_where_text_came_with_it() -> None:
    mixed = [
        said("user", "Book."),
        said("model", talk.call()),
        said("user", talk.response(), "And make it two."),
        said("model", "Done."),
    ]
    assert covered(messages(plain_turn(), mixed, plain_turn()), replace(DEFAULT, recent_turns=2)) == 2


def test_a_call_that_was_never_answered_is_covered_with_its_turn() -> None:
    open_turn = [said("user", "Book it."), said("model", talk.call())]
    history = messages(open_turn, *[plain_turn()] * 3)
    assert covered(history, replace(DEFAULT, recent_turns=3)) == 2
    assert covered(history, replace(DEFAULT, recent_turns=4)) == 0


@given(histories)
def test_turns_hold_every_message_once_and_in_order(turns: list[Turn]) -> None:
    history = messages(*turns)
    assert flatten(grouping.turns(history)) == history
    assert [len(turn) for turn in grouping.turns(history)] == [len(turn) for turn in turns]
