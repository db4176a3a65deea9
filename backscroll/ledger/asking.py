"""What is asked and how it is answered: requests for a decision, assent, refusal, and what came of it.

By words, in the languages of the vocabulary. Where they do not tell, nothing is claimed: a request that
nobody is known to have answered stays pending.
"""

from __future__ import annotations

import re

from backscroll.ledger.lexing import tokens
from backscroll.ledger.vocabulary import cues, plain, stop_words, words

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+")
_CLAUSE = re.compile(r"[.,;:!?\n]")
_END = re.compile(r"(?<=[.?!])\s+|(?<=[\u3002\uff1f\uff01])|\n+")
# An answer tells at its beginning whether it agrees.
_BEGINNING = 60
# A request tells at its end what it wants.
_LAST_SENTENCES = 3
_LONGEST_QUOTE = 280
# Stop words of more letters may carry something: the lists have "value", "room" and "living".
_SHORT = 3
# Elsewhere, which short words turn a sentence round is not known well enough to leave any out.
_ELIDING = frozenset({"en", "de"})
_ELIDED = "…"
# Words in between that are shorter than their elision stay.
_SHORTEST_ELISION = 6


def assents(text: str) -> bool:
    """Tell whether an answer agrees to what was asked, without a but."""
    if denies(text) or cues("reservation", whole=True).search(plain(_END.split(text.strip(), maxsplit=1)[0])):
        return False
    beginning = plain(text[:_BEGINNING])
    return _begins_with(beginning, "assent") or cues("assent_phrases").search(beginning) is not None


def denies(text: str) -> bool:
    """Tell whether an answer refuses what was asked."""
    return _begins_with(plain(text[:_BEGINNING]), "denial")


def _begins_with(beginning: str, table: str) -> bool:
    first = _WORD.search(beginning)
    if first is not None and first.group() in words(table):
        return True
    run = _UNSPACED.match(beginning.strip())
    return run is not None and (run.group() in words(table) or run.group()[:-1] in words(table))


def asks_to_confirm(text: str) -> bool:
    """Tell whether a text asks for a decision before something is done."""
    end = plain(" ".join(sentences(text)[-_LAST_SENTENCES:]))
    return cues("confirm").search(cues("confirmed").sub("", end)) is not None


def asks(text: str) -> bool:
    """Tell whether a text ends with a question."""
    return text.rstrip(" \t\n\"'\u201d\u2019)*").endswith(("?", "\uff1f"))


def tells_outcome(text: str) -> bool:
    """Tell whether a text says that something was carried out, or could not be."""
    return _has(text, "outcome")


def takes_leave(text: str) -> bool:
    """Tell whether somebody ends what they came for."""
    return _has(text, "farewell")


def only_polite(text: str) -> bool:
    """Tell whether an answer thanks or takes leave."""
    return takes_leave(text) or _has(text, "thanks")


def corrects(text: str) -> bool:
    """Tell whether a text takes back what was said before."""
    return cues("correction", whole=True).search(plain(text)) is not None


def is_put_right(before: str) -> bool:
    """Tell whether what follows `before` is what somebody does not want any more: "…, not Thursday"."""
    clause = _CLAUSE.split(plain(before))[-1]
    return cues("instead_of", whole=True).search(clause) is not None


def _has(text: str, table: str) -> bool:
    return cues(table).search(plain(text)) is not None


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences, each as it stands."""
    return [piece for piece in (part.strip() for part in _END.split(text)) if piece]


def quote(text: str) -> str:
    """Give the end of a request, in whole sentences, as it stands: what it is about, and what it asks."""
    start = len(text)
    for piece in reversed(sentences(text)):
        at = text.rfind(piece, 0, start)
        if len(text) - at > _LONGEST_QUOTE and start < len(text):
            break
        start = at
    quoted = text[start:].strip()
    if len(quoted) <= _LONGEST_QUOTE:
        return quoted
    # Half a number would be another number.
    return _ELIDED + quoted[-_LONGEST_QUOTE:].split(" ", 1)[-1]


def telling(text: str, language: str) -> str:
    """Quote a text without the words that carry nothing; what is left out on the way is marked "…"."""
    if language not in _ELIDING:
        return " ".join(text.split())
    stop = stop_words(language)
    kept: list[tuple[int, int]] = []
    counts = False
    for token in tokens(text):
        word = plain(token.text)
        negates = word in words("weighty") or word.endswith("n't")
        short = (len(word) <= _SHORT or "'" in word) and word in stop and not negates
        idle = word in words("idle") or short
        # A capital within a sentence is a name's, and what stands behind a number is what it counts.
        counted = counts and token.gap == " "
        if token.kind == "word" and idle and not counted and (token.initial or not token.capital):
            continue
        counts = token.kind == "number"
        if kept and len(text[kept[-1][1] : token.start].encode()) < _SHORTEST_ELISION:
            kept[-1] = (kept[-1][0], token.end)
        else:
            kept.append((token.start, token.end))
    return _ELIDED.join(text[start:end] for start, end in kept)
