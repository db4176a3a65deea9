"""What clients do, step by step: real texts, some posted at once, some cancelled. Pure, by the seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random

import msgspec

from backscroll.replaying import conversations
from backscroll.replaying.conversations import Conversation, Script

_FACTS = ("my locker has the code", "the invoice has the number", "the train leaves from platform")


class Wish(msgspec.Struct, frozen=True):
    """A message to post; its reply is cancelled `cancel_after` seconds after its acceptance, if at all."""

    said: str
    cancel_after: float | None = None


class Step(msgspec.Struct, frozen=True):
    """Messages that are posted at the same moment, and the seconds until the next step."""

    wishes: tuple[Wish, ...]
    pause: float


def scripts(data: Path, sessions: int) -> tuple[str, list[Script]]:
    """Give each session its conversation out of the files in `data`, or a generated one.

    Returns:
        Where the texts are from, for people, and the sessions.
    """
    files = sorted(data.glob("*.jsonl"))
    read = [conversations.read(file, sessions) for file in files]
    if not read:
        return "generated sentences", conversations.scripts([_generated()], sessions, "chaos")
    # One file after the other, so that few sessions have some of every kind.
    mixed = [each for row in zip(*map(cycle, read), range(sessions), strict=False) for each in row[:-1]]
    return ", ".join(file.name for file in files), conversations.scripts(mixed, sessions, "chaos")


def _generated() -> Conversation:
    facts = [f"Please remember that {_FACTS[number % 3]} {number * 37 + 11}." for number in range(40)]
    return Conversation("generated", tuple(facts))


def steps(seed: int, number: int, texts: Sequence[str]) -> Iterator[Step]:
    """Yield what client `number` does, without an end: when its texts run out, they begin anew.

    Every third client posts up to three messages at once; every fourth one cancels now and then. Each
    message carries its number, so that no two of a session are the same.
    """
    rng = Random(f"{seed}/{number}")
    said = (f"{text} (message {count})" for count, text in enumerate(cycle(texts), 1))
    while True:
        at_once = rng.choice((1, 2, 3)) if number % 3 == 0 else 1
        wishes = tuple(
            Wish(text, round(rng.uniform(0, 0.8), 3) if number % 4 == 0 and rng.random() < 0.25 else None)
            for text in islice(said, at_once)
        )
        yield Step(wishes, round(rng.uniform(0.0, 1.5), 3))
