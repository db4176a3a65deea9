"""Which chapters are merged, over long sessions: bounded room, and few summaries of each message."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backscroll.compaction.merging import longest, merge
from backscroll.messages.chapter import Chapter
from backscroll.settings import BudgetSettings
from tests.unit.conversing import chapter

BUDGET = BudgetSettings()
LONGEST = BUDGET.chapter_tokens


def grow(sizes: Sequence[int], room: int) -> tuple[list[Chapter], list[int]]:
    """Append chapters, merging at every step; give them, and how often each first one was written.

    A merged chapter is as long as it may be asked to be.
    """
    most = longest(replace(BUDGET, chapters_tokens=room))
    chapters: list[Chapter] = []
    written = [0] * (len(sizes) + 1)
    for number, size in enumerate(sizes, 1):
        chapters.append(chapter(number, number, size))
        written[number] += 1
        while (run := merge(chapters, room)) is not None:
            merged = chapters[run]
            assert len(merged) > 1
            total = sum(each.tokens_after for each in merged)
            level = max(each.level for each in merged) + 1
            one = chapter(merged[0].first, merged[-1].last, min(most, total // 2), level)
            chapters[run] = [one]
            for seq in range(one.first, one.last + 1):
                written[seq] += 1
        assert sum(each.tokens_after for each in chapters) <= max(room, LONGEST)
    return chapters, written[1:]


sizes = st.lists(st.integers(12, LONGEST), min_size=1, max_size=400)


@given(sizes, st.integers(1200, 6000))
def test_chapters_cover_everything_once_and_in_order_however_they_are_merged(
    sizes: list[int], room: int
) -> None:
    chapters, written = grow(sizes, room)
    ends = [0, *(each.last for each in chapters)]
    assert [each.first for each in chapters] == [end + 1 for end in ends[:-1]]
    assert ends[-1] == len(sizes)
    for each in chapters:
        assert max(written[each.first - 1 : each.last]) <= each.level + 1


@pytest.mark.parametrize("room", [BUDGET.chapters_tokens, 3000, 6000])
@pytest.mark.parametrize("share", [0.01, 0.03, 0.1, 0.2])
def test_a_message_is_summarised_a_logarithmic_number_of_times(share: float, room: int) -> None:
    for count in (10, 100, 1000):
        chapters, written = grow([min(LONGEST, int(share * room))] * count, room)
        assert max(each.level for each in chapters) <= log2(count)
        assert max(written) <= log2(count) + 1


@pytest.mark.parametrize(("size", "at_least"), [(30, 4), (75, 4), (140, 3)])
def test_once_some_were_merged_no_others_are_for_some_compactions(size: int, at_least: int) -> None:
    room, chapters, since, pauses = BUDGET.chapters_tokens, list[Chapter](), 0, list[int]()
    for number in range(1, 61):
        run = merge(chapters, room - size)
        since += 1
        if run is not None:
            half = sum(each.tokens_after for each in chapters[run]) // 2
            first, last = chapters[run][0].first, chapters[run][-1].last
            level = max(each.level for each in chapters[run]) + 1
            chapters[run] = [chapter(first, last, min(half, longest(BUDGET)), level)]
            pauses.append(since)
            since = 0
        chapters.append(chapter(number, number, size))
    assert sum(pauses[1:]) / len(pauses[1:]) >= at_least


def test_f03_after_fifty_compactions_the_share_of_the_chapters_holds() -> None:
    # Elsewhere old summaries were never folded: they piled up until the budget was full.
    chapters, _ = grow([LONGEST] * 50, 3000)
    assert sum(each.tokens_after for each in chapters) <= 3000
    assert chapters[-1].last == 50


def levels(*found: int) -> list[Chapter]:
    return [chapter(number, number, 500, level) for number, level in enumerate(found, 1)]


@pytest.mark.parametrize(
    ("found", "run"),
    [
        ((0, 0, 0, 0, 0, 0), slice(0, 6)),
        ((0,) * 12, slice(0, 8)),
        ((1, *(0,) * 9, 1), slice(1, 9)),
        ((1, 0, 0, 0), slice(1, 4)),
        ((2, 2, 0, 0), slice(2, 4)),
        ((3, 2, 1), slice(1, 3)),
        ((1, 0, 1, 0), slice(0, 4)),
        ((4, 4, 4, 0), slice(0, 4)),
        ((5, 0), slice(0, 2)),
    ],
)
def test_those_that_were_merged_least_are_merged_first(found: tuple[int, ...], run: slice) -> None:
    assert merge(levels(*found), 900) == run


@pytest.mark.parametrize(
    ("found", "refused", "run"),
    [
        ((0,) * 12, slice(0, 8), slice(8, 12)),
        ((0, 0, 0, 1, 1, 1), slice(0, 3), slice(3, 6)),
        ((1, 1, 0, 0, 0), slice(2, 5), slice(0, 2)),
        ((0, 0, 0, 0), slice(0, 4), None),
        ((0, 0, 0, 0), slice(0, 3), None),
    ],
)
def test_instead_of_those_that_were_refused_others_are_merged(
    found: tuple[int, ...], refused: slice, run: slice | None
) -> None:
    assert merge(levels(*found), 900, refused) == run


def test_while_all_have_room_none_is_merged() -> None:
    assert merge([], 1000) is None
    assert merge(levels(0, 0), 1000) is None
    assert merge(levels(0, 0), 999) == slice(0, 2)


def test_one_chapter_alone_is_never_merged_however_large() -> None:
    assert merge(levels(0), 100) is None
