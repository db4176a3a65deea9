"""A conversation that was compacted a given number of times, and what its context still holds."""

from __future__ import annotations

import msgspec

from backscroll.evaluating import facts, said, tasks
from backscroll.evaluating.conversations import Conversation, interrupted
from backscroll.evaluating.count import Count
from backscroll.evaluating.facts import Facts
from backscroll.evaluating.playing import Play, Stage, playing
from backscroll.evaluating.schedule import steps
from backscroll.evaluating.tasks import Tasks
from backscroll.messages import tokens
from backscroll.messages.chapter import Chapter
from backscroll.settings import BudgetSettings, Settings

# A summary that is refused is tried again with the next turns; only the last one has no next turns.
_LAST_TRIES = 3
# The words around the notes, and the lines that head them.
_AROUND = 200


class Compacted(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one conversation after `compactions` compactions.

    `wanted` is how many it was to be, `refused` how often the gate refused a summary, by reason. `covered`
    counts messages, of those that were to be covered. `lost` are the key facts that are gone. The notes are
    what the model is sent before the messages, `covered_tokens` those of the messages that they stand for.
    `summaries` counts how often each covered message went into a summary, added up.
    """

    wanted: int
    compactions: int
    refused: dict[str, int]
    covered: Count
    facts: Facts
    lost: tuple[str, ...]
    tasks: Tasks
    notes_tokens: int
    covered_tokens: int
    context_tokens: int
    whole_tokens: int
    over_budget: bool
    summaries: int
    most_summaries: int
    summary_calls: int
    summary_tokens: int


def measure(stage: Stage, conversation: Conversation, wanted: int) -> Compacted:
    """Compact `conversation` `wanted` times, and score what its context holds.

    Facts and tokens are those of the conversation with all turns covered but the newest, the smallest
    window that there is. Open tasks are asked for last as a rule: they are judged in a second session
    where a turn that says nothing follows, so that the last real one is covered too.
    """
    with playing(_stage(stage), conversation, blind=True) as play:
        made = _compact(play, conversation, wanted)
        context, state = play.context(), play.state()
    about_tasks = _tasks(stage, conversation, wanted) if tasks.judged(conversation) else Tasks()
    behind = [message for message in conversation.messages if message.seq <= context.watermark]
    text = said.notes(context)
    looked_for = facts.searchable(conversation, context.watermark)
    gone = facts.lost(looked_for, conversation, text)
    live = tokens.of_messages(context.messages)
    notes = said.notes_tokens(context)
    times = [_times(context.chapters, message.seq) for message in behind]
    return Compacted(
        wanted=wanted,
        compactions=made,
        refused=state.refused,
        covered=Count(len(behind), len(conversation.messages) - len(conversation.turns[-1])),
        facts=facts.score(looked_for, gone),
        lost=tuple(dict.fromkeys(fact.text for fact in gone if fact.key)),
        tasks=about_tasks,
        notes_tokens=notes,
        covered_tokens=tokens.of_messages(behind),
        context_tokens=notes + live,
        whole_tokens=tokens.of_messages(conversation.messages),
        over_budget=notes > budget(stage.settings.budget),
        summaries=sum(times),
        most_summaries=max(times, default=0),
        summary_calls=play.summaries.calls,
        summary_tokens=play.summaries.tokens,
    )


def _tasks(stage: Stage, conversation: Conversation, wanted: int) -> Tasks:
    longer = interrupted(conversation)
    with playing(_stage(stage), longer, blind=True) as play:
        _compact(play, longer, wanted)
        return tasks.score(conversation, tasks.held(play.context()))


def budget(settings: BudgetSettings) -> int:
    """Give the tokens that notes may have: chapters, ledger, and the words around them."""
    return settings.chapters_tokens + settings.ledger_tokens + _AROUND


def _compact(play: Play, conversation: Conversation, wanted: int) -> int:
    """Play the conversation in steps with a compaction after each; give the number that was made."""
    turns = conversation.turns
    plan = steps(len(turns), wanted)
    made = played = 0
    for target in plan:
        play.turns(turns[played : target + 1])
        played = target + 1
        made += _cover(play, turns[target - 1][-1].seq, _LAST_TRIES if target == plan[-1] else 1)
    play.turns(turns[played:])
    return made


def _cover(play: Play, seq: int, tries: int) -> bool:
    """Compact until all up to `seq` is covered: a long range may take more than one step."""
    while tries and play.context().watermark < seq:
        if play.compact() != "applied":
            tries -= 1
    return play.context().watermark >= seq


def _times(chapters: tuple[Chapter, ...], seq: int) -> int:
    return next(1 + chapter.level for chapter in chapters if chapter.first <= seq <= chapter.last)


def _stage(stage: Stage) -> Stage:
    """Let one turn stay verbatim: the smallest window that there is."""
    budget = msgspec.structs.replace(stage.settings.budget, recent_turns=1)
    settings: Settings = msgspec.structs.replace(stage.settings, budget=budget)
    return stage.set_to(settings)
