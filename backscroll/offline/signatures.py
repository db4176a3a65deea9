"""Thought signatures: a model's mark on what it said, which it wants back as it gave it.

A signature is made of the model's name and of what it signs, so it is verified without remembering any.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from backscroll.offline.protocol import Refused, decoded
from backscroll.offline.tools import parts_with

# What Google's documentation names for calls that no Gemini made.
_SKIP = "skip_thought_signature_validator"
_MARK_BYTES = 8


def sign(model: str, said: Any) -> str:
    """Give `model`'s signature of what it said: a function call without its id, or a text."""
    return b64encode(_mark(model) + _digest(model, json.dumps(said, sort_keys=True))).decode()


def check(model: str, contents: list[dict[str, Any]], ordered: Collection[tuple[str, bytes]]) -> None:
    """Refuse what lacks a signature of `model`, or has one that this model did not make.

    In the current turn, behind the last message that answers no call, the first call of each content must
    have one, and exactly its own. Elsewhere they may be missing.

    Args:
        model: the name by which the model is asked.
        contents: of the request.
        ordered: models and signatures that count as made, since somebody ordered them to be answered.

    Raises:
        Refused: with the first thing that is wrong.
    """
    current = _current_turn(contents)
    for number, content in enumerate(contents, 1):
        for part in content["parts"]:
            signature = part.get("thoughtSignature")
            if signature and not _valid(model, signature, _mark(model), ordered):
                raise Refused("Thought signature is not valid")
        calls = parts_with("functionCall", content) if content.get("role") == "model" else []
        if calls and number > current:
            call, signature = calls[0]["functionCall"], calls[0].get("thoughtSignature")
            if not signature:
                raise Refused(
                    f"Function call `{call.get('name')}` in the {number}. content block is missing a"
                    " `thought_signature`."
                )
            if not _valid(model, signature, decoded(sign(model, signed(call))), ordered):
                raise Refused("Thought signature is not valid")


def signed(call: dict[str, Any]) -> dict[str, Any]:
    """Give what is signed of a function call."""
    return {"name": call.get("name"), "args": call.get("args") or {}}


def given(model: str, parts: Collection[dict[str, Any]]) -> set[tuple[str, bytes]]:
    """Give the signatures of parts that `model` was ordered to answer, as `check` takes them."""
    found = (part.get("thoughtSignature") for part in parts)
    return {(model, _bytes(signature)) for signature in found if isinstance(signature, str)}


def _current_turn(contents: list[dict[str, Any]]) -> int:
    """Count the contents up to the last message of the user that answers no call."""
    for number in range(len(contents), 0, -1):
        content = contents[number - 1]
        if content.get("role") != "model" and not parts_with("functionResponse", content):
            return number
    return 0


def _valid(model: str, signature: Any, beginning: bytes, ordered: Collection[tuple[str, bytes]]) -> bool:
    if not isinstance(signature, str):
        return False
    found = _bytes(signature)
    # The SDK sends bytes: the words themselves arrive encoded once more.
    skipped = found in (_SKIP.encode(), decoded(_SKIP))
    return skipped or found.startswith(beginning) or (model, found) in ordered


def _bytes(signature: str) -> bytes:
    try:
        return decoded(signature)
    except ValueError:
        return b""


def _mark(model: str) -> bytes:
    return _digest(model)[:_MARK_BYTES]


def _digest(*texts: str) -> bytes:
    return sha256("\0".join(texts).encode()).digest()
