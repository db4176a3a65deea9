"""The numbers of an evaluation, for a file and for each conversation in it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from backscroll.evaluating import facts, prompts, tasks
from backscroll.evaluating.baselines import Way
from backscroll.evaluating.compacted import Compacted
from backscroll.evaluating.conversations import Conversation
from backscroll.evaluating.count import Count, total
from backscroll.evaluating.facts import Facts
from backscroll.evaluating.prompts import Prompts
from backscroll.evaluating.tasks import Tasks
from backscroll.messages import tokens

# From how many tokens on a conversation counts as a long one.
LONG = 10_000


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is left after so many compactions, over all conversations of a file.

    Of the tokens: `notes_share` is that of the notes in what they stand for, all notes by all covered
    messages; `long_share` the same for conversations of 10,000 tokens and more, `worst_share` for the
    conversation where it is largest; `context_share` is that of the whole context in the whole
    conversation. `summaries` is how often a covered message went into a summary, on average.
    """

    wanted: int
    compactions: float
    refused: dict[str, int]
    covered: Count
    facts: Facts
    tasks: Tasks
    notes_tokens: int
    covered_tokens: int
    notes_share: float | None
    long_share: float | None
    worst_share: float | None
    worst: str
    context_share: float | None
    over_budget: int
    summaries: float | None
    most_summaries: int
    summary_calls: int
    summary_tokens: int


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """How a way of keeping conversations did; of `cut` only the first turns count, see the option `--turns`.

    `of_everything` compares its prompt tokens with sending everything.
    """

    in_notes: Facts
    in_context: Facts
    compactions: int
    prompts: Prompts
    stable_share: float | None
    of_everything: float | None
    billed: float


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured in one conversation: by number of compactions, and by way. Or why it was not."""

    conversation: Conversation
    compacted: Mapping[int, Compacted] = {}
    ways: Mapping[str, Way] = {}
    problem: str | None = None


class Conversations(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation in the report."""

    id: str
    turns: int
    messages: int
    tokens: int
    problem: str | None
    compacted: dict[str, Compacted]
    ways: dict[str, Ways]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file in numbers. `cut_conversations` are those that have as many turns as `--turns` asks for."""

    file: str
    conversations: int
    turns: int
    tokens: int
    unevaluated: dict[str, str]
    compacted: dict[str, Kept]
    ways: dict[str, Ways]
    cut_turns: int
    cut_conversations: int
    cut: dict[str, Ways]
    each: list[Conversations]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole evaluation. `model` is the summariser, `seconds` what it took."""

    model: str
    redis: str
    context_tokens: int
    seconds: float
    files: list[File]


def of_file(name: str, played: Sequence[Played], cut_turns: int) -> File:
    """Add up what was measured in the conversations of a file."""
    good = [each for each in played if each.problem is None]
    long = [each for each in good if len(each.conversation.turns) >= cut_turns]
    return File(
        file=name,
        conversations=len(played),
        turns=sum(len(each.conversation.turns) for each in played),
        tokens=sum(tokens.of_messages(each.conversation.messages) for each in played),
        unevaluated={each.conversation.id: each.problem for each in played if each.problem},
        compacted={str(wanted): _kept(wanted, good) for wanted in (good[0].compacted if good else ())},
        ways=_ways(good),
        cut_turns=cut_turns,
        cut_conversations=len(long),
        cut=_ways(long, cut_turns),
        each=[_conversation(each) for each in played],
    )


def _conversation(played: Played) -> Conversations:
    return Conversations(
        id=played.conversation.id,
        turns=len(played.conversation.turns),
        messages=len(played.conversation.messages),
        tokens=tokens.of_messages(played.conversation.messages),
        problem=played.problem,
        compacted={str(wanted): found for wanted, found in played.compacted.items()},
        ways={} if played.problem else _ways([played]),
    )


def _kept(wanted: int, played: Sequence[Played]) -> Kept:
    found = [each.compacted[wanted] for each in played]
    long = [each for each in found if each.whole_tokens >= LONG]
    shares = [
        (part, each.conversation.id)
        for each in played
        if (part := _notes_share([each.compacted[wanted]])) is not None
    ]
    worst_share, worst = max(shares, default=(None, ""))
    refused: Counter[str] = Counter()
    for each in found:
        refused.update(each.refused)
    covered = total(each.covered for each in found)
    return Kept(
        wanted=wanted,
        compactions=sum(each.compactions for each in found) / len(found),
        refused=dict(refused),
        covered=covered,
        facts=facts.added(each.facts for each in found),
        tasks=tasks.added(each.tasks for each in found),
        notes_tokens=sum(each.notes_tokens for each in found),
        covered_tokens=sum(each.covered_tokens for each in found),
        notes_share=_notes_share(found),
        long_share=_notes_share(long),
        worst_share=worst_share,
        worst=worst,
        context_share=share(
            sum(each.context_tokens for each in found), sum(each.whole_tokens for each in found)
        ),
        over_budget=sum(each.over_budget for each in found),
        summaries=share(sum(each.summaries for each in found), covered.held),
        most_summaries=max(each.most_summaries for each in found),
        summary_calls=sum(each.summary_calls for each in found),
        summary_tokens=sum(each.summary_tokens for each in found),
    )


def _notes_share(found: Sequence[Compacted]) -> float | None:
    return share(sum(each.notes_tokens for each in found), sum(each.covered_tokens for each in found))


def _ways(played: Sequence[Played], turns: int | None = None) -> dict[str, Ways]:
    if not played:
        return {}
    whole = {
        name: prompts.added(prompts.summed(each.ways[name].asked, turns) for each in played)
        for name in played[0].ways
    }
    return {
        name: Ways(
            in_notes=facts.added(each.ways[name].in_notes for each in played),
            in_context=facts.added(each.ways[name].in_context for each in played),
            compactions=sum(each.ways[name].compactions for each in played),
            prompts=asked,
            stable_share=share(asked.stable, asked.tokens),
            of_everything=share(asked.tokens, whole["everything"].tokens),
            billed=asked.billed,
        )
        for name, asked in whole.items()
    }


def share(part: float, whole: float) -> float | None:
    """Give a share, or None of nothing."""
    return part / whole if whole else None
