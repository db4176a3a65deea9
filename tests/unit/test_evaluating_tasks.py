"""Open tasks: found where the context says so, held with every value, and a false alarm is told."""

from __future__ import annotations

import msgspec
import pytest

from backscroll.evaluating import said as said_in
from backscroll.evaluating import tasks
from backscroll.evaluating.conversations import Conversation, Fact
from backscroll.evaluating.count import Count
from backscroll.evaluating.tasks import Held, Tasks
from backscroll.ledger.ledger import Ledger, Pending, Said, Value
from backscroll.messages.chapter import Chapter, OpenTask
from backscroll.store.turns import Context
from tests.unit.conversations import messages, plain_turn, said, tool_turn

TASK = Fact(
    kind="task",
    text="Reserve: …",
    msg=3,
    key=True,
    status="open",
    slots={"place": "Harbour Inn", "day": "2019-03-04", "rooms": "1", "breakfast": "True", "with": ["Ida"]},
)
TALK = Conversation(
    id="talk",
    messages=messages(
        plain_turn(),
        [said("user", "The inn, please."), said("model", "A room at the Harbour Inn on March 4th, right?")],
    ),
    facts=(
        TASK,
        Fact(kind="number", text="March 4th", msg=3, key=True, canonical="2019-03-04"),
        Fact(kind="name", text="Harbour inn", msg=1),
        Fact(kind="task", text="Done: …", msg=1, status="done", slots={"code": "XYZ"}),
    ),
)
NOTES = "Harbour Inn, March 4th, 1 room, Ida"


def chapter(text: str = NOTES, opened: tuple[str, ...] = ()) -> Chapter:
    return Chapter(
        v=2, first=1, last=4, text=text, model="m", prompt="1", ts=0, tokens_before=9, tokens_after=3,
        open_tasks=tuple(OpenTask(task=task) for task in opened),
    )  # fmt: skip


def context(text: str = NOTES, *, pending: int | None = None, opened: tuple[str, ...] = ()) -> Held:
    waits = (Pending(pending, "model", 0, "confirm", "right?"),) if pending else ()
    return Held(text=text, pending=waits, chapters=(chapter(text, opened),), watermark=4)


@pytest.mark.parametrize("seq", [3, 4])
def test_a_task_is_held_where_its_turn_is_pending_and_every_value_stands(seq: int) -> None:
    found = tasks.score(TALK, context(pending=seq))
    assert found == Tasks(found=Count(1, 1), held=Count(1, 1), values=Count(4, 4))


def test_a_task_that_nobody_speaks_of_is_lost() -> None:
    assert tasks.score(TALK, context()) == Tasks(found=Count(0, 1), held=Count(0, 1), values=Count(4, 4))


def test_another_turns_task_is_not_this_one() -> None:
    assert tasks.score(TALK, context(pending=2)).found == Count(0, 1)


@pytest.mark.parametrize("gone", ["Harbour Inn", "March 4th", "1 room", "Ida"])
def test_a_task_that_lost_a_value_is_found_but_not_held(gone: str) -> None:
    found = tasks.score(TALK, context(NOTES.replace(gone, "something"), pending=4))
    assert found == Tasks(found=Count(1, 1), held=Count(0, 1), values=Count(3, 4))


def test_the_label_of_a_chapter_is_not_what_it_says() -> None:
    text = said_in.notes(Context(chapters=(chapter("two rooms, [17-18] of them"),)))
    assert "1-4" not in text
    assert "two rooms, [17-18] of them" in text


def test_the_seqs_of_a_ledger_are_not_what_it_says() -> None:
    said = Said(1234, "user", 0, (Value("Bergen", "word", 5, 1234),))
    pending = Pending(5678, "model", 0, "confirmation", "Shall I?")
    text = said_in.notes(Context(ledger=Ledger(said=(said,), pending=(pending,), dropped=99)))
    assert "Bergen" in text
    assert not any(number in text for number in ("1234", "5678", "99"))


def test_a_value_may_stand_as_anybody_said_it_or_in_its_canonical_form() -> None:
    other = NOTES.replace("March 4th", "2019-03-04").replace("Harbour Inn", "Harbour inn")
    assert tasks.score(TALK, context(other, pending=4)).held == Count(1, 1)


def test_of_a_task_that_broke_off_only_what_had_been_said_is_asked_for() -> None:
    known = ("place=Harbour Inn", "insurance=no", "code=a=b")
    task = msgspec.structs.replace(TASK, slots={}, slots_known=known)
    talk = msgspec.structs.replace(TALK, facts=(task,))
    assert tasks.score(talk, context("Harbour Inn", pending=4)).values == Count(1, 2)
    assert tasks.score(talk, context("Harbour Inn a=b", pending=4)).held == Count(1, 1)


def test_a_chapters_open_task_counts_if_it_names_a_value_and_the_chapter_covers_the_task() -> None:
    assert tasks.score(TALK, context(opened=("confirm the room at the Harbour Inn",))).held == Count(1, 1)
    assert tasks.score(TALK, context(opened=("buy milk",))).found == Count(0, 1)
    later = context(opened=("confirm the room at the Harbour Inn",))
    moved = tuple(msgspec.structs.replace(each, first=5, last=9) for each in later.chapters)
    assert tasks.score(TALK, msgspec.structs.replace(later, chapters=moved)).found == Count(0, 1)


def test_what_is_taken_for_open_where_nothing_is_is_a_false_alarm() -> None:
    control = Conversation(id="c", messages=messages(tool_turn(1)), control=True)
    assert tasks.score(control, context()) == Tasks(controls=1)
    found = tasks.score(control, context(pending=2, opened=("buy milk", "call Ida")))
    assert found == Tasks(false=3, controls=1)


def test_in_a_conversation_with_an_open_task_there_is_no_false_alarm() -> None:
    assert tasks.score(TALK, context(pending=4, opened=("buy milk",))).false == 0


def test_a_task_whose_turn_is_still_there_is_not_judged() -> None:
    found = tasks.score(TALK, msgspec.structs.replace(context(), watermark=2))
    assert found == Tasks(live=1)


def test_what_a_context_says_is_read_from_its_chapters_and_its_watermark() -> None:
    found = tasks.held(Context(chapters=(chapter(opened=("buy milk",)),), watermark=4))
    assert NOTES in found.text
    assert (found.watermark, found.pending, found.chapters[0].open_tasks[0].task) == (4, (), "buy milk")


def test_scores_add_up() -> None:
    held, lost = tasks.score(TALK, context(pending=4)), tasks.score(TALK, context("", pending=2))
    assert tasks.added([held, lost]) == Tasks(found=Count(1, 2), held=Count(1, 2), values=Count(4, 8))
