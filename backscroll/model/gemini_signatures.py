"""Thought signatures mean something to the model that made them: another one refuses them.

So they go back to that model only, and stay in the history for when it is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from backscroll.messages.part import Other, Part, Text
from backscroll.messages.tool_data import call_of, response_of
from backscroll.model.port import Content

# Gemini 3 and later refuse a call of the current turn without a signature, unless this stands in for it:
# documented for calls that another model made. On the wire it is these letters, which are base64 as well.
STAND_IN = "skip_thought_signature_validator"
_ASKS_FOR_NONE = re.compile(r"(models/)?(gemini-[12]\b|gemma)")
_SPELLINGS = ("thoughtSignature", "thought_signature")


def signed_for(contents: Sequence[Content], model: str) -> list[Content]:
    """Give `contents` as `model` may see them: with its own signatures, and nobody else's."""
    turn = _turn_begins(contents)
    stands_in = _ASKS_FOR_NONE.match(model) is None
    return [
        content
        if content.model == model or all(map(_is_bare, content.parts))
        else Content(content.role, _unsigned(content.parts, stands_in=stands_in and at > turn), content.model)
        for at, content in enumerate(contents)
    ]


def _is_bare(part: Part) -> bool:
    """Tell whether a part is words and nothing else: nearly all are, in every prompt anew."""
    return isinstance(part, Text) and part.signature is None and not part.extra and bool(part.text)


def _turn_begins(contents: Sequence[Content]) -> int:
    """Tell where the current turn begins: at the last user content that does not respond to a call."""
    begins = (
        at
        for at, content in enumerate(contents)
        if content.role == "user" and not any(map(response_of, content.parts))
    )
    return max(begins, default=-1)


def _unsigned(parts: tuple[Part, ...], *, stands_in: bool) -> tuple[Part, ...]:
    bare = [_bare(part) for part in parts]
    if stands_in:
        # One signature a step: of parallel calls, the first carries it.
        at = next((at for at, part in enumerate(bare) if call_of(part)), None)
        if at is not None and isinstance(call := bare[at], Other):
            bare[at] = Other({**call.raw, _SPELLINGS[0]: STAND_IN})
    # A part that was there for its signature alone says nothing now.
    said = tuple(part for part in bare if not _is_empty(part))
    return said or tuple(bare)


def _bare(part: Part) -> Part:
    if isinstance(part, Text):
        return Text(part.text, thought=part.thought, extra=_without_signature(part.extra))
    return Other(_without_signature(part.raw))


def _without_signature(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in _SPELLINGS}


def _is_empty(part: Part) -> bool:
    if isinstance(part, Text):
        return not (part.text or part.extra)
    return not part.raw.keys() - {"type", "thought"}
