"""Extractive summaries: the sentences that say most, in their order, within the length that was asked for."""

from __future__ import annotations

import json
import re
from typing import Any

from backscroll.offline.answers import text_of
from backscroll.offline.words import rarity, sentences, terms, word_count

_ASKED = re.compile(r"at most (\d+) (words|tokens)", re.IGNORECASE)
_LABEL = re.compile(r"^\[\d+(?:-\d+)?\] (?:user|model|call|tool|summary)(?: \(continued\))?: ?", re.MULTILINE)
_TOOL_LINE = re.compile(r"\[\d+\] (?:call|tool)(?: \(continued\))?: ")
_SCHEMAS = ("responseJsonSchema", "response_json_schema", "responseSchema", "response_schema")
_TELLING = re.compile(r"\d|(?<=[a-zà-ÿ,;] )[A-ZÀ-Þ]|[\"“«《]")
_DEFAULT_WORDS = 200
_SHARE = 0.4
_WORDS_A_TOKEN = 0.75


def asks_for_summary(body: dict[str, Any]) -> bool:
    """Tell whether a request asks for a summary: its system instruction says so, and nobody converses."""
    return len(body["contents"]) <= 1 and "summar" in _instruction(body).lower()


def summarise(body: dict[str, Any]) -> str:
    """Write the summary that a request asks for, of the text of its last content.

    Where JSON of a schema is asked for, it is the schema's first text. Its lists stay empty: what was
    decided, and what is left to do, cannot be told without understanding.
    """
    text = _extract(body)
    config = body.get("generationConfig", body.get("generation_config")) or {}
    if config.get("responseMimeType", config.get("response_mime_type")) != "application/json":
        return text
    schema: dict[str, Any] = next(
        (config[name] for name in _SCHEMAS if isinstance(config.get(name), dict)), {}
    )
    return json.dumps(_filled(schema, text), ensure_ascii=False)


def _filled(schema: dict[str, Any], text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in (schema.get("properties") or {}).items():
        kind = str(inner.get("type", "")).lower()
        if kind == "string":
            found[name] = "" if text in found.values() else text
        elif kind == "array":
            found[name] = []
    return found


def _extract(body: dict[str, Any]) -> str:
    said = _said(text_of(body["contents"][-1]))
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


def _said(text: str) -> str:
    """Take the labels off a conversation's lines; what tools gave back counts where nothing else was said."""
    spoken = "\n".join(line for line in text.split("\n") if not _TOOL_LINE.match(line))
    return _LABEL.sub("", spoken if _LABEL.sub("", spoken).strip() else text).replace("\\n", "\n")


def _first_words(text: str, count: int) -> str:
    words = text.split()
    if len(words) > 1:
        begun = words[:count]
        # A number at the end may go on behind it: half of one would be another.
        while len(begun) < len(words) and begun and re.search(r"\d", begun[-1]):
            begun.pop()
        return " ".join(begun) or "…"
    short = text[: count * 2]  # words that stand together: two characters count as one
    return short if short == text else short.rstrip("0123456789.,:/-") or "…"


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
