"""The language of a summary against that of what it stands for.

It is refused only where both are long enough to tell and clearly differ: a good summary that is refused
costs as much as a bad one that passes. Names, codes and addresses belong to no language and are left out.
The model that tells languages apart is loaded when it is first asked: 90 MB that only who compacts pays.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

# Weighed letters below which nobody could tell a language, and below which no script.
_SUMMARY_LETTERS, _SOURCE_LETTERS = 40, 60
_SCRIPT_LETTERS = 24
# Texts are taken in pieces of at least so many weighed letters, so that each language of mixed ones is found.
_PIECE = 100
# Of the source's letters, a script with less is that of a name or a quotation.
_SCRIPT_SHARE = 0.1
# The identifier's probability that makes a language one of the source, and a summary clearly of another.
_SPOKEN, _SURE, _EXCLUDED = 0.15, 0.7, 0.05

_NO_PROSE = re.compile(r"\S*[\d_@/\\<>{}=#]\S*")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
# One sign of these says as much as several letters.
_DENSE = {"CJK": 3, "HIRAGANA": 2, "KATAKANA": 2, "HANGUL": 2}

_loading = threading.Lock()


def wrong_language(summary: str, spoken: Sequence[str]) -> bool:
    """Tell whether a summary is clearly in a language that was not spoken.

    Args:
        summary: all its prose.
        spoken: the texts that it stands for.
    """
    written, said = _scripts([summary]), _scripts(spoken)
    if written.total() < _SCRIPT_LETTERS or said.total() < _SOURCE_LETTERS:
        return False
    usual = {script for script, count in said.items() if count >= said.total() * _SCRIPT_SHARE}
    if sum(written[script] for script in usual) < written.total() * _SCRIPT_SHARE:
        return True
    return _differ(summary, spoken)


def languages(texts: Sequence[str]) -> frozenset[str]:
    """Name the languages (ISO 639-1) of texts, each that may be one of them."""
    return frozenset(_named(texts))


def _named(texts: Sequence[str]) -> Iterator[str]:
    """Name them one after another, and some more than once: who has heard enough need not ask on."""
    for piece in _pieces(texts):
        yield from (code for code, share in _probabilities(piece).items() if share >= _SPOKEN)


def _differ(summary: str, spoken: Sequence[str]) -> bool:
    prose = _prose(summary)
    if _weight(prose) < _SUMMARY_LETTERS or not _tells(spoken):
        return False
    written = _probabilities(prose)
    if max(written.values()) < _SURE:
        return False
    shared = 0.0
    for code in _named(spoken):
        # Nearly always the first piece of the source has the summary's language.
        shared += written.pop(code, 0.0)
        if shared >= _EXCLUDED:
            return False
    return True


def _tells(spoken: Sequence[str]) -> bool:
    return any(told >= _SOURCE_LETTERS for told in accumulate(map(_weight, map(_prose, spoken))))


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    piece = ""
    for text in texts:
        piece += _prose(text) + " "
        if _weight(piece) >= _PIECE:
            yield piece
            piece = ""
    if piece.strip():
        yield piece


def _prose(text: str) -> str:
    """Keep the words that a language is known by: in scripts with capitals, those in small letters."""
    words = _WORD.findall(_NO_PROSE.sub(" ", text))
    return " ".join(word for word in words if word == word.lower())


def _weight(text: str) -> int:
    return _scripts([text]).total()


def _scripts(texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        for letter, count in Counter(filter(str.isalpha, _NO_PROSE.sub(" ", text))).items():
            script = _script(letter)
            counts[script] += count * _DENSE.get(script, 1)
    return counts


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split(" ")[0]


def _probabilities(text: str) -> dict[str, float]:
    return dict(_identifier().rank(text))


def _identifier() -> Any:
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    from py3langid import langid

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
