"""Answers to chat messages: the sentences of the conversation that fit best, and where they stood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from backscroll.offline.words import rarity, sentences, terms

_QUOTES = 2
_LONGEST = 400
# A sentence that shares only its commonest words with the question has nothing to do with it.
_LEAST = 0.25


class _Said(NamedTuple):
    where: str
    sentence: str
    terms: set[str]


def answer(contents: Sequence[dict[str, Any]]) -> str:
    """Answer the last of `contents` by quoting from those before it.

    Args:
        contents: of a request, as the protocol has them: `role` and `parts`.
    """
    question = text_of(contents[-1])
    asked = terms(question)
    said = [
        _Said(_place(number, content.get("role") or "user"), sentence, terms(sentence))
        for number, content in enumerate(contents[:-1], 1)
        for sentence in sentences(text_of(content))
    ]
    weights = rarity(each.terms for each in said)
    total = sum(weights.get(term, 0.0) for term in asked) or 1.0
    # Of two that fit alike, what was said later counts.
    scored = sorted(
        (
            (sum(weights[term] for term in each.terms & asked) / total, -index)
            for index, each in enumerate(reversed(said))
        ),
        reverse=True,
    )
    best: list[_Said] = []
    for score, position in scored:
        each = said[len(said) - 1 + position]
        if score < _LEAST or len(best) == _QUOTES:
            break
        if each.sentence not in question and not any(each.sentence in other.sentence for other in best):
            best.append(each)
    if not said:
        return "I am the offline model: I can only quote what was said before, and nothing has been said yet."
    if not best:
        return f"Nothing in the {len(said)} sentences that I was given fits. I am offline and can only quote."
    return " ".join(f"{each.where}: “{_short(each.sentence)}”" for each in best)


def text_of(content: dict[str, Any]) -> str:
    """Join the texts of a content; a tool's response counts as its values."""
    return "\n".join(filter(None, map(_text_of_part, content.get("parts", ()))))


def _text_of_part(part: dict[str, Any]) -> str:
    response = part.get("functionResponse", part.get("function_response"))
    if isinstance(response, dict):
        return " ".join(_values(response.get("response")))
    text = part.get("text", "")
    return text if isinstance(text, str) and not part.get("thought") else ""


def _values(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}: {text}" for key, inner in value.items() for text in _values(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _values(inner)]
    return [str(value)]


def _place(number: int, role: str) -> str:
    return f"{'You' if role == 'user' else 'I'} said in message {number}"


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 1] + "…"
