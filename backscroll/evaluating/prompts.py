"""What a conversation costs in prompts: their tokens, and how much is the last prompt over again. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from backscroll.messages import tokens
from backscroll.messages.message import Role
from backscroll.messages.part import Part
from backscroll.model.port import Content

# What a token costs that stood at the same place of the last prompt, of what it costs otherwise.
CACHED = 0.1


class Asked(msgspec.Struct, frozen=True):
    """One prompt: its tokens, and those with which the last one began alike. `turn` counts from 1."""

    turn: int
    prompt: int
    stable: int


class Prompts(msgspec.Struct, frozen=True):
    """All prompts of a conversation together; `largest` is that of one."""

    prompts: int = 0
    tokens: int = 0
    stable: int = 0
    largest: int = 0

    @property
    def billed(self) -> float:
        """Tokens at the full price that cost the same: cached input costs a tenth."""
        return self.tokens - (1 - CACHED) * self.stable


class Following:
    """Compares each prompt with the one before, part by part."""

    def __init__(self) -> None:
        self._last: list[tuple[int, Role, Part]] = []
        self._sizes: list[int] = []

    def next(self, turn: int, contents: Iterable[Content]) -> Asked:
        """Measure the next prompt, sent in turn `turn`."""
        parts = [(place, each.role, part) for place, each in enumerate(contents) for part in each.parts]
        alike = 0
        for before, now in zip(self._last, parts, strict=False):
            if before != now:
                break
            alike += 1
        stable = self._sizes[:alike]
        self._last = parts
        self._sizes = stable + [tokens.of_parts((part,)) for _, _, part in parts[alike:]]
        return Asked(turn, sum(self._sizes), sum(stable))


def summed(asked: Iterable[Asked], turns: int | None = None) -> Prompts:
    """Add up the prompts of the first `turns` turns, or of all."""
    found = [each for each in asked if turns is None or each.turn <= turns]
    return Prompts(
        prompts=len(found),
        tokens=sum(each.prompt for each in found),
        stable=sum(each.stable for each in found),
        largest=max((each.prompt for each in found), default=0),
    )


def added(prompts: Iterable[Prompts]) -> Prompts:
    """Add up the prompts of several conversations."""
    found = list(prompts)
    return Prompts(
        prompts=sum(each.prompts for each in found),
        tokens=sum(each.tokens for each in found),
        stable=sum(each.stable for each in found),
        largest=max((each.largest for each in found), default=0),
    )
