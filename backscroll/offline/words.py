"""Sentences and their words, in any language that writes words apart, and in those that do not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import log

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019.@/:][^\W_]+)*", re.UNICODE)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_END = re.compile(r"(?<=[.!?…])\s+|(?<=[\u3002\uff01\uff1f])|\n+")


def sentences(text: str) -> list[str]:
    """Cut a text into sentences; a line break ends one too."""
    return [piece.strip() for piece in _END.split(text) if piece.strip()]


def terms(text: str) -> set[str]:
    """Give what can be matched: words in lower case, and pairs of characters where words stand together."""
    found: set[str] = set()
    for word in _WORD.findall(text.lower()):
        if _WIDE.search(word):
            found.update(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            found.add(word)
    return found


def rarity(texts: Iterable[set[str]]) -> dict[str, float]:
    """Weigh each term by how few of the texts hold it: what stands everywhere says nothing."""
    counts: dict[str, int] = {}
    total = 0
    for found in texts:
        total += 1
        for term in found:
            counts[term] = counts.get(term, 0) + 1
    return {term: log(1 + total / count) for term, count in counts.items()}


def word_count(text: str) -> int:
    """Count words; where they stand together, two characters count as one."""
    wide = len(_WIDE.findall(text))
    return len(_WIDE.sub(" ", text).split()) + (wide + 1) // 2
