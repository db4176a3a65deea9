"""What others do with the same turns: a window and a short summary, a window alone, or everything.

The first is the way of the article that the defaults come from: the newest 10 turns, and one summary of
300 characters, written anew from the old summary and what leaves the window, each time the window is full.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from backscroll.compaction.plan import covered, is_due
from backscroll.compaction.window import Window
from backscroll.evaluating import facts, said
from backscroll.evaluating.conversations import Conversation
from backscroll.evaluating.facts import Facts
from backscroll.evaluating.prompts import Asked, Following
from backscroll.messages import tokens
from backscroll.messages.message import Message, turns
from backscroll.messages.part import Text, spoken
from backscroll.model.asking import ask
from backscroll.model.port import Content, Model, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import Settings

SUMMARY_CHARACTERS = 300
_INSTRUCTION = (
    "Write a summary of the conversation so far in at most 60 words. Always preserve proper nouns, numbers, "
    "and any unfinished task state. Write the summary alone."
)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How one way of keeping a conversation did.

    `in_notes` are the facts that stand in what replaced their messages, of those whose messages were
    replaced; `in_context` those that stand anywhere in what the model is sent in the end, of all.
    """

    asked: tuple[Asked, ...]
    in_notes: Facts
    in_context: Facts
    compactions: int = 0


def article(conversation: Conversation, window: Window, model: Model, settings: Settings, stop: Stop) -> Way:
    """Keep the newest turns and a short summary of the rest.

    Raises:
        TransientError: when the summary model could not be had.
        PermanentError: when it would not do it.
    """

    def summarised(old: str, messages: Sequence[Message]) -> str:
        lines = [f"Summary so far: {old}"] if old else []
        lines += (f"[{each.seq}] {each.role}: {_on_one_line(each)}" for each in messages)
        prompt = Prompt(
            model=settings.model.summary_model,
            system=_INSTRUCTION,
            contents=(Content("user", (Text("\n".join(lines)),)),),
        )
        limits = settings.model
        answer = ask(
            model, prompt, deadline=limits.summary_deadline, timeout=limits.attempt_timeout, stop=stop
        )
        return spoken(answer.parts).strip()[:SUMMARY_CHARACTERS]

    summary, live, asked, compactions = "", list[Message](), list[Asked](), 0
    following = Following()
    for turn, pair in _pairs(conversation):
        stop.check()
        first = (Content("user", (Text(summary),)),) if summary else ()
        asked.append(following.next(turn, (*first, *_contents([*live, pair[0]]))))
        live += pair
        if is_due(live, asked[-1].prompt + tokens.of_messages(pair[1:]), window):
            count = covered(live, window)
            summary, live = summarised(summary, live[:count]), live[count:]
            compactions += 1
    if rest := covered(live, window):
        summary, live = summarised(summary, live[:rest]), live[rest:]
    return _way(conversation, asked, summary, live, compactions)


def window_only(conversation: Conversation, window: Window) -> Way:
    """Send the newest turns and forget the rest."""
    asked, following, live = list[Asked](), Following(), list[Message]()
    for turn, pair in _pairs(conversation):
        asked.append(following.next(turn, _contents([*live, pair[0]])))
        live += pair
        live = [message for whole in turns(live)[-window.recent_turns :] for message in whole]
    live = live[covered(live, window) :]
    return _way(conversation, asked, "", live, 0)


def everything(conversation: Conversation) -> Way:
    """Send all that was said, each time: each prompt begins with the whole of the last one."""
    asked, before, last = list[Asked](), 0, 0
    for turn, (user, model) in _pairs(conversation):
        size = before + tokens.of_messages((user,))
        asked.append(Asked(turn, size, last))
        last, before = size, size + tokens.of_messages((model,))
    return _way(conversation, asked, "", conversation.messages, 0)


def _way(
    conversation: Conversation,
    asked: Sequence[Asked],
    notes: str,
    live: Sequence[Message],
    compactions: int,
) -> Way:
    return Way(
        asked=tuple(asked),
        in_notes=facts.kept(conversation, notes, upto=live[0].seq - 1),
        in_context=facts.kept(conversation, f"{notes}\n{said.of_messages(live)}"),
        compactions=compactions,
    )


def _pairs(conversation: Conversation) -> list[tuple[int, tuple[Message, ...]]]:
    """Give each message of the user's side with the model's answer, and the turn that they belong to."""
    return [
        (number, turn[place : place + 2])
        for number, turn in enumerate(conversation.turns, 1)
        for place in range(0, len(turn), 2)
    ]


def _contents(messages: Sequence[Message]) -> list[Content]:
    return [Content(message.role, message.parts) for message in messages]


def _on_one_line(message: Message) -> str:
    return " ".join(said.of_parts(message.parts).split())
