"""What a window will cost: a long conversation of average turns, walked through by the rules of the plan."""

from __future__ import annotations

from typing import Literal

import msgspec

from backscroll.compaction.sizes import TurnSizes
from backscroll.compaction.window import CACHED, Window
from backscroll.settings import Settings

TURNS = 300
# Chapter and ledger are each taken to be an eighth of what they cover, within their bounds.
_SHARE = 8
_FLEX = 0.5

Cause = Literal["turns", "tokens"]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What to expect of a conversation of 300 turns.

    `live_turns_most` are sent at most, `live_turns_fewest` after a compaction, `live_tokens` and their
    p95 are those of the most. `due` is what calls for compactions in the end; None where nothing does.
    `stable_share` is the part of all prompt tokens that repeats the beginning of the prompt before.
    `cost_per_turn` counts prompts and summaries in tokens at full price, of which a repeated one is a
    tenth.
    """

    live_turns_fewest: int
    live_turns_most: int
    live_tokens: int
    live_tokens_p95: int
    due: Cause | None
    prompt_tokens: int
    compactions_per_100_turns: float
    stable_share: float
    cost_per_turn: int


def forecast(sizes: TurnSizes, window: Window, settings: Settings) -> Forecast:
    """Walk through a conversation, turn by turn.

    Between two compactions each prompt begins with the whole one before; after one, with the chapters
    before the newest. Chapters that exceed their share are taken to shrink to half of it, which leaves no
    beginning to repeat that time: merging a few at a time, as is done, comes to nearly the same. What is
    said in a turn counts in the prompt of the next.
    """
    walk = _Walk(sizes, window, settings)
    for _ in range(TURNS):
        walk.turn()
    price = _FLEX if settings.model.summary_tier == "flex" else 1.0
    cost = walk.sent - walk.repeated + CACHED * walk.repeated + price * walk.summarised
    return Forecast(
        live_turns_fewest=walk.fewest or walk.most,
        live_turns_most=walk.most,
        live_tokens=round(sizes.of(walk.most)),
        live_tokens_p95=round(sizes.p95_of(walk.most)),
        due=walk.cause,
        prompt_tokens=round(walk.sent / TURNS),
        compactions_per_100_turns=round(100 * walk.compactions / TURNS, 1),
        stable_share=round(walk.repeated / walk.sent, 3),
        cost_per_turn=round(cost / TURNS),
    )


class _Walk:
    """A conversation so far: its notes, its live turns, and what was sent."""

    def __init__(self, sizes: TurnSizes, window: Window, settings: Settings) -> None:
        self._mean, self._window, self._budget = sizes.mean, window, settings.budget
        self._kept = max(1, min(window.recent_turns, int(window.recent_tokens / sizes.mean)))
        self._live = 0
        self._chapters = self._ledger = self._unchanged = 0.0
        self.sent = self.repeated = self.summarised = 0.0
        self.compactions = self.fewest = self.most = 0
        self.cause: Cause | None = None

    def turn(self) -> None:
        prompt = self._chapters + self._ledger + self._live * self._mean
        self.sent += prompt
        self.repeated += self._unchanged
        self.most = max(self.most, self._live)
        self._live += 1
        self._unchanged = prompt
        cause = self._due()
        if cause:
            self.cause = cause
            self._compact()

    def _due(self) -> Cause | None:
        if self._live <= self._kept:
            return None
        if 0 < self._window.trigger_turns < self._live:
            return "turns"
        context = self._chapters + self._ledger + self._live * self._mean
        return "tokens" if context > self._window.context_tokens else None

    def _compact(self) -> None:
        covered = (self._live - self._kept) * self._mean
        self._live = self.fewest = self._kept
        self.compactions += 1
        self.summarised += covered
        self._unchanged = self._chapters
        self._chapters += min(covered / _SHARE, self._budget.chapter_tokens)
        if self._chapters > self._budget.chapters_tokens:
            self._chapters, self._unchanged = self._budget.chapters_tokens / 2, 0.0
        self._ledger = min(self.summarised / _SHARE, self._budget.ledger_tokens)
