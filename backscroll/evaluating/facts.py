"""Which names and numbers of a conversation still stand in a text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from backscroll.evaluating.conversations import Conversation, Fact
from backscroll.evaluating.count import Count, tally, total
from backscroll.evaluating.said import of_parts, stands


class Kept(msgspec.Struct, frozen=True):
    """Facts that still stand there, of those that were looked for."""

    name: Count = Count()
    number: Count = Count()

    def __add__(self, other: Kept) -> Kept:
        return Kept(self.name + other.name, self.number + other.number)

    @property
    def both(self) -> Count:
        """Names and numbers together."""
        return self.name + self.number


class Facts(msgspec.Struct, frozen=True):
    """The key facts, and every fact, key or not."""

    key: Kept = Kept()
    every: Kept = Kept()

    def __add__(self, other: Facts) -> Facts:
        return Facts(self.key + other.key, self.every + other.every)


def searchable(conversation: Conversation, upto: int | None = None) -> list[Fact]:
    """Give the names and numbers that can be looked for: not too short, and said up to seq `upto`."""
    return [
        fact
        for fact in conversation.facts
        if fact.kind in ("name", "number")
        and not fact.weak
        and fact.text.strip()
        and fact.msg is not None
        and (upto is None or fact.seq <= upto)
    ]


def lost(facts: Sequence[Fact], conversation: Conversation, text: str) -> list[Fact]:
    """Give the facts that stand in `text` neither as they were said nor in their canonical form.

    A fact that is part of a longer word where it was said (March 6 in March 6th) may be so in `text` too.
    """
    text = " ".join(text.split())
    said: dict[int, str] = {}
    known: dict[tuple[str, str | None, bool], bool] = {}
    gone = []
    for fact in facts:
        if fact.seq not in said:
            said[fact.seq] = of_parts(conversation.messages[fact.seq - 1].parts)
        alone = stands(fact.text, said[fact.seq])
        which = (fact.text, fact.canonical, alone)
        if which not in known:
            known[which] = _there(fact, text, alone)
        if not known[which]:
            gone.append(fact)
    return gone


def score(facts: Iterable[Fact], gone: Sequence[Fact]) -> Facts:
    """Count what is kept of `facts`, when those in `gone` are lost."""
    missing = {id(fact) for fact in gone}
    held: Mapping[tuple[str, bool], list[bool]] = {
        (kind, key): [] for kind in ("name", "number") for key in (True, False)
    }
    for fact in facts:
        held[fact.kind, fact.key].append(id(fact) not in missing)
    key, other = (Kept(tally(held["name", which]), tally(held["number", which])) for which in (True, False))
    return Facts(key, key + other)


def kept(conversation: Conversation, text: str, upto: int | None = None) -> Facts:
    """Count the facts said up to seq `upto` that stand in `text`."""
    facts = searchable(conversation, upto)
    return score(facts, lost(facts, conversation, text))


def added(facts: Iterable[Facts]) -> Facts:
    """Add scores up."""
    found = list(facts)
    return Facts(
        Kept(total(each.key.name for each in found), total(each.key.number for each in found)),
        Kept(total(each.every.name for each in found), total(each.every.number for each in found)),
    )


def _there(fact: Fact, text: str, alone: bool) -> bool:
    said = " ".join(fact.text.split())
    if stands(said, text) or (not alone and said in text):
        return True
    return fact.canonical is not None and stands(fact.canonical, text)
