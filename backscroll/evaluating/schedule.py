"""When to compact, so that a given number of compactions covers all turns but the newest. Pure."""

from __future__ import annotations


def steps(turns: int, compactions: int) -> list[int]:
    """Give, for each compaction, how many of the oldest turns are covered after it.

    Args:
        turns: how many there are; the newest is never covered.
        compactions: how many are wanted; there are fewer where there are not enough turns.
    """
    covered = max(0, turns - 1)
    made = min(compactions, covered)
    return [covered * number // made for number in range(1, made + 1)]
