"""A long conversation by the plan's own rules, and what of its prompts the model has seen before.

It counts blocks that each prompt has in common with the one before, from the beginning: nothing here knows
the algebra of forecast.py.
"""

from __future__ import annotations

from itertools import takewhile

import msgspec

from backscroll.compaction.merging import longest, merge
from backscroll.compaction.plan import covered, is_due
from backscroll.compaction.window import Window
from backscroll.messages import tokens
from backscroll.messages.chapter import Chapter
from backscroll.messages.message import Message
from backscroll.messages.part import Text
from backscroll.settings import BudgetSettings


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of all prompts, how many of them stood in the prompt before, and those of summaries."""

    sent: int
    repeated: int
    summarised: int
    compactions: int
    largest: int

    @property
    def stable_share(self) -> float:
        return self.repeated / self.sent

    @property
    def cost(self) -> float:
        return self.sent - 0.9 * self.repeated + self.summarised


Block = tuple[str, int]


def converse(sizes: list[int], window: Window, budget: BudgetSettings) -> Paid:
    """Hold a conversation of turns of these sizes; chapter and ledger are an eighth of what they cover."""
    live: list[Message] = []
    said: list[Block] = []
    chapters: list[Chapter] = []
    before: list[Block] = []
    sent = repeated = summarised = compactions = largest = 0
    for number, size in enumerate(sizes):
        asked, answered = _messages(number, size)
        ledger: Block = (f"ledger {compactions}", min(budget.ledger_tokens, summarised // 8))
        said += [_block(asked), _block(answered)]
        prompt = [*map(_noted, chapters), ledger, *said[:-1]]
        context = _size(prompt) + _size(said[-1:])
        same = [
            new for new, _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, before, strict=False))
        ]
        sent, repeated, largest = sent + _size(prompt), repeated + _size(same), max(largest, _size(prompt))
        before, live = prompt, [*live, asked, answered]
        if is_due(live, context, window):
            cut = covered(live, window)
            gone, live, said = _size(said[:cut]), live[cut:], said[cut:]
            compactions, summarised = compactions + 1, summarised + gone
            made = chapter(compactions, compactions, min(budget.chapter_tokens, gone // 8))
            run = merge(chapters, budget.chapters_tokens - made.tokens_after)
            if run is not None:
                chapters[run] = [_merged(chapters[run], budget)]
            chapters.append(made)
    return Paid(sent=sent, repeated=repeated, summarised=summarised, compactions=compactions, largest=largest)


def _messages(number: int, size: int) -> tuple[Message, Message]:
    asked = max(1, size // 4)
    return (
        Message(seq=2 * number + 1, role="user", ts=0, parts=(Text("a" * (4 * asked)),)),
        Message(seq=2 * number + 2, role="model", ts=0, parts=(Text("b" * (4 * max(1, size - asked))),)),
    )


def chapter(first: int, last: int, size: int, level: int = 0) -> Chapter:
    return Chapter(
        first=first,
        last=last,
        text="",
        level=level,
        model="m",
        prompt="2",
        ts=0,
        tokens_before=8 * size,
        tokens_after=size,
    )


def _merged(run: list[Chapter], budget: BudgetSettings) -> Chapter:
    half = sum(chapter.tokens_after for chapter in run) // 2
    level = max(chapter.level for chapter in run) + 1
    return chapter(run[0].first, run[-1].last, min(half, longest(budget)), level)


def _noted(chapter: Chapter) -> Block:
    return f"chapters {chapter.first} to {chapter.last}", chapter.tokens_after


def _block(message: Message) -> Block:
    return f"message {message.seq}", tokens.of_messages([message])


def _size(blocks: list[Block]) -> int:
    return sum(size for _, size in blocks)
