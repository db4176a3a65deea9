"""Whether a context says which tasks are open, with what they were about, and none that is not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from backscroll.evaluating.conversations import Conversation, Fact
from backscroll.evaluating.count import Count, tally, total
from backscroll.evaluating.said import notes, stands
from backscroll.ledger.ledger import Pending
from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Message
from backscroll.store.turns import Context

# A yes or no is asked in other words than these: they cannot be looked for by their letters.
_NO_WORDS = frozenset({"true", "false", "yes", "no", "none", ""})


class Tasks(msgspec.Struct, frozen=True):
    """Open tasks that the context speaks of (`found`), and of which it also has every value (`held`).

    `values` counts those values one by one. `live` tasks are not judged: every summary of their turn was
    refused, and so it stands in the context as it was. `false` counts the tasks that the context takes for
    open in conversations that leave none open, of which there are `controls`.
    """

    found: Count = Count()
    held: Count = Count()
    values: Count = Count()
    live: int = 0
    false: int = 0
    controls: int = 0


def judged(conversation: Conversation) -> bool:
    """Tell whether it is known which tasks the conversation leaves open."""
    return conversation.control or bool(_opened(conversation))


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a context says of tasks: the open ones of its ledger, its chapters, and the text of both."""

    text: str
    pending: Sequence[Pending] = ()
    chapters: Sequence[Chapter] = ()
    watermark: int


def held(context: Context) -> Held:
    """Read what a context says of tasks."""
    pending: Sequence[Pending] = context.ledger.open
    return Held(text=notes(context), pending=pending, chapters=context.chapters, watermark=context.watermark)


def score(conversation: Conversation, context: Held) -> Tasks:
    """Judge what `context` says about the tasks of `conversation`, as far as their turns are covered."""
    found, whole, values = [], [], []
    opened = [task for task in _opened(conversation) if task.seq <= context.watermark]
    for task in opened:
        there = [any(stands(way, context.text) for way in ways) for ways in _values(task, conversation.facts)]
        values += there
        found.append(_found(task, conversation, context))
        whole.append(found[-1] and all(there))
    alarms = len(context.pending) + sum(len(chapter.open_tasks) for chapter in context.chapters)
    return Tasks(
        found=tally(found),
        held=tally(whole),
        values=tally(values),
        live=len(_opened(conversation)) - len(opened),
        false=alarms if conversation.control else 0,
        controls=int(conversation.control),
    )


def added(tasks: Iterable[Tasks]) -> Tasks:
    """Add scores up."""
    found = list(tasks)
    return Tasks(
        found=total(each.found for each in found),
        held=total(each.held for each in found),
        values=total(each.values for each in found),
        live=sum(each.live for each in found),
        false=sum(each.false for each in found),
        controls=sum(each.controls for each in found),
    )


def _opened(conversation: Conversation) -> list[Fact]:
    return [fact for fact in conversation.facts if fact.kind == "task" and fact.status == "open"]


def _found(task: Fact, conversation: Conversation, context: Held) -> bool:
    turn = _turn(task.seq, conversation)
    if any(each.seq in turn for each in context.pending):
        return True
    return any(_names(chapter, task, conversation.facts) for chapter in context.chapters)


def _names(chapter: Chapter, task: Fact, facts: Sequence[Fact]) -> bool:
    """Tell whether one of the open tasks of the chapter that covers it is this one: it names a value."""
    if not chapter.first <= task.seq <= chapter.last:
        return False
    ways = list(_values(task, facts))
    return any(
        not ways or any(stands(way, each.task) for value in ways for way in value)
        for each in chapter.open_tasks
    )


def _turn(seq: int, conversation: Conversation) -> set[int]:
    def seqs(turn: Iterable[Message]) -> set[int]:
        return {message.seq for message in turn}

    return next((found for turn in conversation.turns if seq in (found := seqs(turn))), {seq})


def _values(task: Fact, facts: Sequence[Fact]) -> Iterator[set[str]]:
    """Give each value of a task as all the ways in which the conversation said it."""
    for value in _slots(task):
        same = value.lower()
        yield {value} | {
            fact.text
            for fact in facts
            if fact.kind in ("name", "number")
            and (fact.text.lower() == same or (fact.canonical or "").lower() == same)
        }


def _slots(task: Fact) -> list[str]:
    if task.slots_known is not None:
        found = [known.partition("=")[2] for known in task.slots_known]
    else:
        found = [text for value in task.slots.values() for text in _texts(value)]
    return [value for value in found if value.strip().lower() not in _NO_WORDS]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    else:
        yield str(value)
