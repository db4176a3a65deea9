"""Extractive summaries: the sentences that say most, in their order, within the length that was asked for."""

from __future__ import annotations

import re
from typing import Any

from backscroll.offline.answers import text_of
from backscroll.offline.words import rarity, sentences, terms, word_count

_ASKED = re.compile(r"at most (\d+) (words|tokens)", re.IGNORECASE)
_LINE = re.compile(r"^\[\d+\] (?:user|model): ?", re.MULTILINE)
_TELLING = re.compile(r"\d|(?<=[a-zà-ÿ,;] )[A-ZÀ-Þ]|[\"“«《]")
_DEFAULT_WORDS = 200
_SHARE = 0.4
_WORDS_A_TOKEN = 0.75


def asks_for_summary(body: dict[str, Any]) -> bool:
    """Tell whether a request asks for a summary: its system instruction says so."""
    return "summar" in _instruction(body).lower()


def summarise(body: dict[str, Any]) -> str:
    """Write the summary that a request asks for, of the text of its last content."""
    said = _LINE.sub("", text_of(body["contents"][-1]).replace("\\n", "\n"))
    pieces = list(dict.fromkeys(sentences(said)))
    room = min(_words_asked(_instruction(body)), max(12, int(word_count(said) * _SHARE)))
    found = [terms(piece) for piece in pieces]
    weights = rarity(found)

    def worth(index: int) -> float:
        length = max(4, word_count(pieces[index]))
        telling = 3.0 * len(_TELLING.findall(pieces[index]))
        return (sum(weights[term] for term in found[index]) + telling) / float(length**0.8)

    chosen: list[int] = []
    for index in sorted(range(len(pieces)), key=worth, reverse=True):
        length = word_count(pieces[index])
        if length <= room:
            chosen.append(index)
            room -= length
    if not chosen and pieces:
        return _first_words(pieces[max(range(len(pieces)), key=worth)], max(1, room))
    return " ".join(pieces[index] for index in sorted(chosen))


def _first_words(text: str, count: int) -> str:
    words = text.split()
    if len(words) > 1:
        return " ".join(words[:count])
    return text[: count * 2]  # words that stand together: two characters count as one


def _words_asked(instruction: str) -> int:
    asked = _ASKED.search(instruction)
    if asked is None:
        return _DEFAULT_WORDS
    number = int(asked.group(1))
    return number if asked.group(2).lower() == "words" else int(number * _WORDS_A_TOKEN)


def _instruction(body: dict[str, Any]) -> str:
    found = body.get("systemInstruction", body.get("system_instruction"))
    if isinstance(found, str):
        return found
    return text_of(found) if isinstance(found, dict) else ""
