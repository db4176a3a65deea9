"""Words that the rules go by, in the languages that they serve.

Stop words and the names of months and days come from libraries, the rest from `vocabulary.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from babel.dates import get_day_names, get_month_names
from stop_words import get_stop_words

# Those for which both libraries have what it takes, and the rules their letters.
_UNSPACED = "\u3040"
LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "nb",
    "fi",
    "pl",
    "cs",
    "ro",
    "tr",
    "ru",
    "uk",
)


@cache
def words(name: str) -> frozenset[str]:
    """Give the words of a table, of all languages together."""
    return frozenset(word for text in _table(name) for word in text.split())


@cache
def phrases(name: str) -> tuple[str, ...]:
    """Give the phrases of a table, of all languages together."""
    found = (phrase.strip() for text in _table(name) for phrase in text.splitlines())
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))


@cache
def cues(name: str, *, whole: bool = False) -> re.Pattern[str]:
    """Give what finds the phrases of a table in a text that is `plain`.

    Each at the beginning of a word, and, where they are `whole`, up to the end of one: a stem is not.

    Phrases that begin alike are tried together: at most places of a text none of them can begin, and what
    sees that at once looks through it several times faster than a choice of all of them.
    """
    spaced: dict[str, list[str]] = {}
    unspaced: dict[str, list[str]] = {}
    for phrase in phrases(name):
        # Languages that write no spaces have no such bounds.
        begins_a_word = phrase[0].isalpha() and phrase[0] < _UNSPACED
        (spaced if begins_a_word else unspaced).setdefault(phrase[0], []).append(_cue(phrase, whole))
    sought = list(map(_alike, unspaced.items()))
    if spaced:
        first = "".join(map(re.escape, spaced))
        sought.append(rf"(?=[{first}])(?<!\w)(?:{'|'.join(map(_alike, spaced.items()))})")
    return re.compile("|".join(sought))


def _alike(group: tuple[str, list[str]]) -> str:
    first, cues = group
    return f"{re.escape(first)}(?:{'|'.join(cues)})"


def _cue(phrase: str, whole: bool) -> str:
    """Give what stands behind the first character of a phrase."""
    after = r"(?!\w)" if whole and phrase[-1].isalpha() and phrase[-1] < _UNSPACED else ""
    return re.escape(phrase[1:]) + after


@cache
def _file() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("backscroll.ledger").joinpath("vocabulary.toml").read_text(encoding="utf-8"))


def _table(name: str) -> Iterable[str]:
    return _file()[name].values()


@cache
def stop_words(language: str) -> frozenset[str]:
    """Give the words of a language that carry no meaning of their own."""
    return frozenset(word.lower() for word in get_stop_words(language))


def likely_language(said: Iterable[str]) -> str:
    """Tell the language whose stop words occur most among words in small letters; English where none do."""
    found = Counter(language for word in said for language in _stopping().get(word, ()))
    return max(LANGUAGES, key=found.__getitem__)


@cache
def _stopping() -> dict[str, tuple[str, ...]]:
    """Give the languages in which a word carries no meaning of its own, for each word that has any."""
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES:
        for word in stop_words(language):
            found[word] = (*found.get(word, ()), language)
    return found


@cache
def calendar() -> frozenset[str]:
    """Give the names of months and of the days of the week, in small letters."""
    found: set[str] = set()
    for language in LANGUAGES:
        found.update(map(str.lower, get_month_names("wide", "format", language).values()))
        found.update(map(str.lower, get_day_names("wide", "format", language).values()))
    return frozenset(name for name in found if len(name) > 2)


def plain(text: str) -> str:
    """Give a text in small letters, with the one apostrophe that the tables use."""
    return text.lower().replace("’", "'")
