"""What the client was told against what the transcript holds. Pure: tests show which faults it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from backscroll.client import Message
from backscroll.replaying.told import Told

# A turn as it can be compared: what the user said, and what was answered. The same turn may occur twice.
_Turn = tuple[str, str]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a transcript, counted.

    `missing`, `doubled` and `reordered` count turns that the client was told of; `unexpected` those that
    it was not told of, or was told of in other words. `gaps` counts seqs that do not follow the one
    before, `roles` messages that do not alternate with the one before.
    """

    missing: int = 0
    doubled: int = 0
    reordered: int = 0
    unexpected: int = 0
    gaps: int = 0
    roles: int = 0


def check(told: Sequence[Told], transcript: Sequence[Message]) -> Findings:
    """Compare a transcript, in order, with what its client was told.

    Every turn that was told of as kept must be there once, in order, with its texts, and no other. Only
    the last one, where its reply did not end, may be there or not.
    """
    expected = [(each.said, each.text) for each in told if each.end == "kept"]
    found = _turns(transcript)
    if told and told[-1].end == "unended" and _ends_with(found, told[-1].said, beyond=len(expected)):
        found = found[:-1]
    wanted, there = Counter(expected), Counter(found)
    surplus = there - wanted
    doubled = sum(count for turn, count in surplus.items() if turn in wanted)
    return Findings(
        missing=(wanted - there).total(),
        doubled=doubled,
        reordered=(wanted & there).total() - _in_order(expected, found),
        unexpected=surplus.total() - doubled,
        gaps=sum(after != before + 1 for before, after in pairwise([0, *(m.seq for m in transcript)])),
        roles=sum(before == after for before, after in pairwise(["model", *(m.role for m in transcript)])),
    )


def _turns(transcript: Iterable[Message]) -> list[_Turn]:
    """Pair each answer with what it answers; a message without its other half is a turn too."""
    turns: list[_Turn] = []
    said, answered = "", True
    for message in transcript:
        if message.role == "user":
            if not answered:
                turns.append((said, ""))
            said, answered = message.text, False
        else:
            turns.append((said, message.text))
            answered = True
    return turns if answered else [*turns, (said, "")]


def _ends_with(found: Sequence[_Turn], said: str, *, beyond: int) -> bool:
    return len(found) > beyond and found[-1][0] == said


def _in_order(expected: Sequence[_Turn], found: Sequence[_Turn]) -> int:
    """Count the turns that stand in the same order on both sides: their longest common subsequence."""
    if expected == found:
        return len(expected)
    row = [0] * (len(found) + 1)
    for turn in expected:
        above = row
        row = [0]
        for position, other in enumerate(found):
            row.append(above[position] + 1 if turn == other else max(row[-1], above[position + 1]))
    return row[-1]
