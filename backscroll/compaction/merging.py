"""The merge plan: which chapters become one when all of them together have outgrown their share. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from backscroll.ledger.ledger import Ledger
from backscroll.messages.chapter import Chapter
from backscroll.settings import BudgetSettings

# Longer runs leave more room at once, so that it lasts longer and the chapters before stay as they are;
# the newest chapters stay apart, so that a restore can bring back few messages.
_MOST = 8
# Merged chapters of the longest kind that have room: with fewer of them, the number of times that a message
# is summarised would grow with the session.
_MERGED = 5
# The share of chapters in what they stand for: a little more than each is asked for.
_OF_SPOKEN, _OF_TOOL_DATA = 0.045, 0.01
_LEAST_ROOM = 48


def room(ledger: Ledger, most: int) -> int:
    """Tell how many tokens all chapters may have together: a share of what they stand for, up to `most`.

    Args:
        ledger: it has counted what they stand for.
        most: the setting.
    """
    data = ledger.covered - ledger.spoken
    return min(most, max(_LEAST_ROOM, int(_OF_SPOKEN * ledger.spoken + _OF_TOOL_DATA * data)))


def longest(budget: BudgetSettings) -> int:
    """Tell how many tokens a merged chapter may be asked to have."""
    return min(budget.chapter_tokens, budget.chapters_tokens // _MERGED)


def merge(chapters: Sequence[Chapter], room: int, refused: slice | None = None) -> slice | None:
    """Tell which neighbouring chapters to merge into one, or None while all of them have room.

    The merged chapter stands one level above the highest of those that it was merged from. Of all runs,
    the one is taken whose highest level is lowest, of those the longest, of those the oldest: so chapters
    that were never merged are merged first, and one that was merged often waits until there are others
    like it. The number of times that a message is summarised then grows with the logarithm of the number
    of chapters. Taking the oldest each time would make it grow with the number itself.

    Args:
        chapters: all chapters, oldest first.
        room: tokens that they may have together.
        refused: those whose merging the gate did not let pass; a run is taken that shares none with it.
    """
    if sum(chapter.tokens_after for chapter in chapters) <= room:
        return None
    runs = [
        (start, length)
        for start in range(len(chapters))
        for length in range(2, _MOST + 1)
        if start + length <= len(chapters)
        and (refused is None or start + length <= refused.start or start >= refused.stop)
    ]

    def order(run: tuple[int, int]) -> tuple[int, int, int]:
        start, length = run
        return max(chapter.level for chapter in chapters[start : start + length]), -length, start

    if not runs:
        return None
    start, length = min(runs, key=order)
    return slice(start, start + length)
