"""How far a value reaches: over the capitals beside it, and the words that make a number a date or a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from backscroll.ledger.lexing import Token
from backscroll.ledger.vocabulary import calendar, phrases, words

ALONE = frozenset({"url", "email", "path", "quote"})
_JOINS = re.compile(r"[ \u00a0]|, |\. |\. - | - | & | # ?|-|/")
# Beyond so many characters it is an enumeration, which goes on in another value.
_LONGEST = 100
_ORDINAL = re.compile(r"\d+(st|nd|rd|th)", re.IGNORECASE)


def carries(token: Token) -> bool:
    """Tell whether a token can be a part of a name or an address."""
    return token.capital or token.kind in ("number", "code")


def joined(token: Token) -> bool:
    """Tell whether nothing but a space stands before a token."""
    return token.gap in (" ", "\u00a0")


def span(cut: Sequence[Token], seed: int, stop: frozenset[str]) -> tuple[int, int]:
    """Grow a value from its seed.

    Args:
        cut: the text's tokens.
        seed: with which of them it begins.
        stop: words that no value goes on with.

    Returns:
        The first and the last of its tokens.
    """
    if cut[seed].kind in ALONE:
        return seed, seed
    last = seed
    while last + 1 < len(cut) and (step := _step(cut, seed, last, stop)):
        if cut[last + step].end - cut[seed].start > _LONGEST:
            break
        last += step
    return _leftwards(cut, seed, last), _rightwards(cut, last, stop)


def _step(cut: Sequence[Token], first: int, last: int, stop: frozenset[str]) -> int:
    """Tell by how many tokens a value goes on: to the next one, or over joining words to the one behind."""
    token, after = cut[last], cut[last + 1]
    if after.kind in ALONE or "phone" in (after.kind, token.kind) or not _JOINS.fullmatch(after.gap):
        return 0
    if after.gap.startswith("."):
        if token.kind == "number" and after.text.lower() in calendar():
            return 1  # "3. März"
        return int(_is_short(token) and after.text.lower() not in stop and _belongs(token, after))
    if after.gap == ", ":
        return int(carries(token) and carries(after) and _goes_over_commas(cut[first : last + 1]))
    if _belongs(token, after) or _is_house(cut[last : last + 3]):
        return 1
    return _over_words(cut, last)


def _is_short(token: Token) -> bool:
    """Tell an initial or an abbreviation, behind which a dot ends no sentence."""
    return token.capital and (len(token.text) == 1 or token.text.lower() in words("abbreviations"))


def _goes_over_commas(value: Sequence[Token]) -> bool:
    """Tell a street with its number, or a name, which its town, country or title may follow."""
    return value[0].kind == "number" or all(token.capital or token.kind == "code" for token in value)


def _belongs(token: Token, after: Token) -> bool:
    if after.gap.strip() == "#":
        return after.kind == "number"
    if after.capital or after.text.lower() in calendar():
        return True
    goes_on = token.capital or token.text.lower() in calendar() or token.kind in ("date", "code")
    return goes_on and after.kind in ("number", "code", "han", "date")


def _is_house(ahead: Sequence[Token]) -> bool:
    """Tell two numbers that a street's name follows: "1532 20th Street"."""
    return len(ahead) == 3 and ahead[0].kind == ahead[1].kind == "number" and ahead[2].capital


def _over_words(cut: Sequence[Token], last: int) -> int:
    """Go on over "of", "de la" and their like, where a capital or a month stands behind them."""
    token, ahead = cut[last], cut[last + 1 : last + 4]
    if len(ahead) < 2 or not all(map(joined, ahead[:2])):
        return 0
    joining = ahead[0].text.lower()
    if token.kind == "word" and joining in words("in_names") and ahead[1].capital:
        return 2
    if joining in ("of", "de") and ahead[1].text.lower() in calendar():
        return 2
    both = joining == "of" and ahead[1].text.lower() == "the" and token.capital
    return 3 if both and len(ahead) == 3 and ahead[2].capital and joined(ahead[2]) else 0


def _leftwards(cut: Sequence[Token], first: int, last: int) -> int:
    """Take in what stands before a number and makes it a time, or before a day and says which."""
    digits = any(token.kind == "number" for token in cut[first : last + 1])
    day = cut[first].text.lower() in calendar()
    while first > 0 and joined(cut[first]):
        before = cut[first - 1]
        word = before.text.lower()
        names = before.capital and not before.initial
        timely = digits and word in words("before_time") and _goes_before_number(cut, first)
        dated = (day and word in words("near_day")) or word in calendar()
        if before.kind != "word" or names or not (timely or dated):
            break
        first -= 1
    return first


def _goes_before_number(cut: Sequence[Token], index: int) -> bool:
    """Tell "the 9th" and "quarter to 4" from "the 3 of us" and "2 to 4"."""
    word = cut[index - 1].text.lower()
    if word == "the":
        return _ORDINAL.fullmatch(cut[index].text) is not None
    if word in words("past_or_to"):
        return index > 1 and cut[index - 2].text.lower() in words("parts_of_an_hour")
    return True


def _rightwards(cut: Sequence[Token], last: int, stop: frozenset[str]) -> int:
    """Take in what makes a number a time ("9 o'clock in the morning") or a count ("2 tickets")."""
    if cut[last].text.lower() in calendar():
        ahead = [token.text.lower() for token in cut[last + 1 : last + 3]]
        which_week = len(ahead) == 2 and ahead[0] in words("near_day") and ahead[1] in words("spans")
        return last + 2 if which_week else last
    if cut[last].kind != "number":
        return last
    timed = last
    while length := _time_ahead(cut, timed):
        timed += length
    if timed > last or last + 1 == len(cut):
        return timed
    after = cut[last + 1]
    counted = after.kind == "word" and joined(after) and after.text.lower() not in stop
    return last + 1 if counted else last


def _time_ahead(cut: Sequence[Token], last: int) -> int:
    """Tell how many tokens behind `last` belong to a time of day."""
    first = cut[last + 1].text.lower() if last + 1 < len(cut) else ""
    for said in _after_time().get(first, ()):
        ahead = cut[last + 1 : last + 1 + len(said)]
        if [token.text.lower() for token in ahead] == said and all(map(joined, ahead)):
            return len(said)
    return 0


@cache
def _after_time() -> dict[str, list[list[str]]]:
    """Give the phrases behind a time, each as its words, by the first of them."""
    found: dict[str, list[list[str]]] = {}
    for phrase in phrases("after_time"):
        said = phrase.split()
        found.setdefault(said[0], []).append(said)
    return found
