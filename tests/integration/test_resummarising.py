"""How often a message is summarised over a long session: whole compactions, and a gate that refuses some."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log2

import pytest

from backscroll.compaction.compact import Compacting, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.compaction.merging import longest
from backscroll.model.port import Prompt
from backscroll.session import Session
from backscroll.settings import BudgetSettings, Settings
from backscroll.store import sessions
from backscroll.store.redis import Store
from tests.integration.test_compacting import LONG, SAID, Summariser, asked, merging, talk, told

BUDGET = BudgetSettings(recent_turns=1, trigger_turns=2, chapters_tokens=1000, ledger_tokens=0)
COMPACTIONS = 64
_LETTERS_A_TOKEN = 4
_LEAST, _OVERHEAD = 30, 120


class Tireless:
    """Writes as long as it is asked to, refuses each `every`th merge, and counts what it wrote of a seq."""

    def __init__(self, every: int) -> None:
        self.written: Counter[int] = Counter()
        self.merges = 0
        self._every = every

    def __call__(self, prompt: Prompt) -> str:
        letters = len(asked(prompt)) // 26  # a twentieth of what was said, and less
        if merging(prompt):
            self.merges += 1
            if self._every and self.merges % self._every == 0:
                return "NONE"
            most = longest(BUDGET) * _LETTERS_A_TOKEN
            letters = min(most, len(asked(prompt)) // 2) - _OVERHEAD
        self.written.update(seq for first, last in ranges(prompt) for seq in range(first, last + 1))
        return told((SAID * 9)[: max(letters, _LEAST)])


def ranges(prompt: Prompt) -> Iterator[tuple[int, int]]:
    """Give the seqs, from and to, of the messages or the chapters that are to be summarised."""
    for first, last in re.findall(r"^\[(\d+)(?:-(\d+))?\]", asked(prompt), re.MULTILINE):
        yield int(first), int(last or first)


@pytest.mark.parametrize("every", [0, 2, 3], ids=["none", "each second", "each third"])
def test_f03_a_message_is_summarised_a_logarithmic_number_of_times_whatever_merge_is_refused(
    store: Store, session: Session, every: int
) -> None:
    # Elsewhere old summaries were never folded: they piled up until the budget was full.
    writer = Tireless(every)
    model, settings = Summariser(writer), Settings(budget=BUDGET)
    compacting = Compacting(store, model, settings, Windows(store, BUDGET))
    for _ in range(COMPACTIONS):
        talk(store, session, [LONG * 6] * 2)
        before = len(model.prompts)
        assert compact_session(compacting, session) == "applied"
        assert len(model.prompts) - before <= 3, "a chapter, and two tries of a merge"
    found = sessions.state(store, session)
    assert writer.merges > COMPACTIONS // 10
    assert set(writer.written) == set(range(1, found.watermark + 1))
    assert max(writer.written.values()) <= log2(COMPACTIONS) + 1
    assert sum(chapter.tokens_after for chapter in found.chapters) <= BUDGET.chapters_tokens
