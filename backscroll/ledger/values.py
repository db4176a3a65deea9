"""Exact values in a text: each a stretch of it, taken as it stands, with what kind of thing it is.

A value begins with a token that carries one: a number, a code, an address, a capital that no sentence asks
for. The rules know no topic.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from backscroll.ledger.lexing import Token, tokens
from backscroll.ledger.spans import carries, joined, span
from backscroll.ledger.vocabulary import calendar, stop_words, words

# More of one message is not looked at: a pasted file is no conversation.
LONGEST_TEXT = 40_000
_SEEDS = frozenset({"url", "email", "path", "quote", "date", "phone", "han", "number", "code"})
_MONEY = re.compile(r"[$€£¥₹]|\b(usd|eur|gbp|dollars?|euros?|pounds?|cents?|美元|元|块)\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d{1,2}[:.h]\d{2}\b|\d ?(am|pm|uhr|h)\b|o'clock|morning|afternoon|evening|[点點时時]", re.IGNORECASE
)
_DAY_OF_MONTH = re.compile(r"the \d+(st|nd|rd|th)|\d+(st|nd|rd|th) of", re.IGNORECASE)
_HAN_DATE = re.compile(r"[年月日号]")


class Found(msgspec.Struct, frozen=True):
    """A value where it stands in its text."""

    text: str
    kind: str
    start: int
    end: int


def values(text: str, language: str) -> list[Found]:
    """Find the values of a text, in order; no two overlap.

    Args:
        text: what was said.
        language: whose stop words are no names where a sentence begins with them.
    """
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT].rsplit(maxsplit=1)[0]
    stop = stop_words(language)
    cut = list(tokens(text))
    known = {token.text for token in cut if token.capital and not token.initial}
    found: list[Found] = []
    index = 0
    while index < len(cut):
        if not _is_seed(cut, index, known, stop):
            index += 1
            continue
        first, last = span(cut, index, stop)
        start, end = cut[first].start, cut[last].end
        found.append(Found(text[start:end], _kind(text[start:end], cut[first : last + 1]), start, end))
        index = last + 1
    return found


def _is_seed(cut: Sequence[Token], index: int, known: set[str], stop: frozenset[str]) -> bool:
    token, after = cut[index], cut[index + 1 : index + 2]
    if token.kind in _SEEDS:
        # The number of a list's item is none of its values.
        return not (token.initial and after and after[0].gap.startswith((". ", ") ", ".\n")))
    word = token.text.lower()
    if word in words("day_words"):
        return True
    if not token.capital:
        return False
    if word in calendar() and word not in stop:
        return True
    follows = bool(after) and joined(after[0]) and carries(after[0])
    if word in stop:
        # "The Weeknd", but not "In Paris"
        return follows and "'" not in token.text and (not token.initial or word in words("articles"))
    return not token.initial or token.text in known or follows or _is_unusual(token.text)


def _is_unusual(word: str) -> bool:
    """Tell capitals that no sentence asks for: JFK, iPhone, McDonald."""
    return any(letter.isupper() for letter in word[1:])


def _kind(value: str, within: Sequence[Token]) -> str:
    kinds = {token.kind for token in within}
    if special := [kind for kind in ("url", "email", "path", "phone", "code", "quote") if kind in kinds]:
        return "title" if special[0] == "quote" else special[0]
    if _MONEY.search(value):
        return "amount"
    said = {token.text.lower() for token in within}
    days = said & calendar() or said & words("day_words")
    if "date" in kinds or days or _HAN_DATE.search(value) or _DAY_OF_MONTH.match(value):
        return "date"
    if _TIME.search(value):
        return "time"
    if not kinds & {"number", "han"}:
        return "name" if len(within) > 1 else "word"
    if within[0].kind == "number" and sum(token.capital for token in within) > 1:
        return "address"
    return "number" if sum(map(str.isdigit, value)) > 2 or "." in value else "count"
