"""What is said to a request: thoughts, words, an image, function calls.

To show that a system instruction arrived, the sentences `Say X.` and `Always say X.` in one are obeyed:
X stands at the end of the answer. Summaries do as they are told anyway.
"""

from __future__ import annotations

import re
from typing import Any

from backscroll.offline import media, signatures, tools
from backscroll.offline.answers import answer, text_of
from backscroll.offline.summaries import asks_for_summary, summarise
from backscroll.offline.words import sentences

WORDS_A_CHUNK = 8
_THOUGHT = "I look through what was said before, for the words that fit best."
_ORDER = re.compile(r"(?:always )?say (.+)", re.IGNORECASE)


def words(body: dict[str, Any], calls: list[dict[str, Any]]) -> str:
    """Give the words of an answer that makes `calls`."""
    if asks_for_summary(body):
        return summarise(body)
    last = body["contents"][-1]
    if calls:
        said = [f"I call {' and '.join(call['name'] for call in calls)}."]
    elif responses := tools.parts_with("functionResponse", last):
        said = [_told(part) for part in responses]
    else:
        said = [media.described(last)]
        if text_of(last) or not said[0]:
            said.append(answer(body["contents"]))
    return " ".join(filter(None, [*said, *_ordered(body)]))


def parts(model: str, body: dict[str, Any], text: str, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the parts of an answer that says `text` and makes `calls`, signed as Gemini 3 signs.

    A call is signed, the first of several. Words are only where thoughts were asked for, in an empty text
    behind them, if they take more than one chunk of a stream.
    """
    config = body.get("generationConfig", {})
    found: list[dict[str, Any]] = []
    thinks = bool(config.get("thinkingConfig", {}).get("includeThoughts")) and bool(text or calls)
    if thinks:
        found.append({"text": _THOUGHT, "thought": True})
    if text:
        found.append({"text": text})
    if "IMAGE" in config.get("responseModalities", ()) and text:
        found.append(media.picture(text))
    for call in calls:
        found.append({"functionCall": call})
        if call is calls[0]:
            found[-1]["thoughtSignature"] = signatures.sign(model, signatures.signed(call))
    if thinks and not calls and len(text.split(" ")) > WORDS_A_CHUNK:
        found.append({"text": "", "thoughtSignature": signatures.sign(model, text)})
    return found


def _told(part: dict[str, Any]) -> str:
    name = part["functionResponse"].get("name")
    return f"{name} gave back {text_of({'parts': [part]}) or 'nothing'}."


def _ordered(body: dict[str, Any]) -> list[str]:
    """Give what the system instruction orders to be said."""
    found = (_ORDER.fullmatch(each) for each in sentences(text_of(body.get("systemInstruction", {}))))
    return [order[1].strip() for order in found if order]
