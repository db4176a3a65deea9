"""A conversation as a deployment would hold it: compacted whenever that is due, every prompt measured."""

from __future__ import annotations

from typing import Literal

import msgspec

from backscroll.compaction.window import Window, given
from backscroll.errors import PermanentError
from backscroll.evaluating import facts, said
from backscroll.evaluating.baselines import Way
from backscroll.evaluating.conversations import Conversation
from backscroll.evaluating.playing import Play, Stage, playing
from backscroll.evaluating.prompts import Asked, Following
from backscroll.model.port import Prompt
from backscroll.settings import Settings

Turns = tuple[int, int] | Literal["auto"]


def label(turns: Turns) -> str:
    """Name a window as the command's option does."""
    return turns if isinstance(turns, str) else f"{turns[0]},{turns[1]}"


def by_window(settings: Settings, turns: Turns) -> Settings:
    """Give the settings with this window: so many turns stay verbatim, more than so many make one due."""
    if turns == "auto":
        budget = msgspec.structs.replace(settings.budget, recent_turns="auto")
    else:
        recent, trigger = turns
        budget = msgspec.structs.replace(settings.budget, recent_turns=recent, trigger_turns=trigger)
    changed: Settings = msgspec.structs.replace(settings, budget=budget)
    return changed


def window(settings: Settings, turns: Turns) -> Window:
    """Give the window that these turns stand for."""
    return given(by_window(settings, turns).budget)


def measure(stage: Stage, conversation: Conversation, turns: Turns) -> Way:
    """Play `conversation` with compactions as they fall due, and measure its prompts and what is left.

    With a window of given turns there is one compaction more after the last turn, so that exactly that
    window stays verbatim and what is left can be compared.
    """
    asked, following, number = list[Asked](), Following(), 0

    def hear(prompt: Prompt) -> None:
        asked.append(following.next(number, prompt.contents))

    settled = stage.set_to(by_window(stage.settings, turns))
    with playing(settled, conversation, asked=hear, due=Play.compact) as play:
        for number, turn in enumerate(conversation.turns, 1):  # noqa: B007  # `hear` reads it
            play.turn(turn)
        made = play.state().compactions
        if turns != "auto":
            play.compact()
        context = play.context()
    notes = said.notes(context)
    if context.last != len(conversation.messages):
        raise PermanentError("not_played", "not every message of the conversation is in its history")
    return Way(
        asked=tuple(asked),
        in_notes=facts.kept(conversation, notes, upto=context.watermark),
        in_context=facts.kept(conversation, f"{notes}\n{said.of_messages(context.messages)}"),
        compactions=made,
    )
