"""Tokens as the offline model counts them, and which of them it has seen before.

A quarter of a part's UTF-8 bytes, rounded up, without its signature; media by their type and size. A
prompt that begins like a recent one of the same model has cached tokens, from the length on at which
Gemini begins to cache: so that the stability of a prefix can be measured without the real thing.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from hashlib import blake2b
from typing import Any

from backscroll.offline import media

_BYTES_A_TOKEN = 4
_CACHED_FROM = 2048
_REMEMBERED = 50_000


def tokens_of(part: dict[str, Any]) -> int:
    """Count the tokens of one part."""
    if (medium := part.get("inlineData") or part.get("fileData")) is not None:
        return media.tokens(medium)
    if "parts" in (response := part.get("functionResponse", {})):
        words = {name: value for name, value in response.items() if name != "parts"}
        return sum(map(tokens_of, ({"functionResponse": words}, *response["parts"])))
    text = part.get("text")
    if not isinstance(text, str):
        text = json.dumps({name: value for name, value in part.items() if name != "thoughtSignature"})
    return -(-len(text.encode()) // _BYTES_A_TOKEN)


def prompt_parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Give all parts of a request, the system instruction's first."""
    instruction = body.get("systemInstruction")
    contents = [instruction] if instruction else []
    contents += body["contents"]
    return [part for content in contents for part in content.get("parts", [])]


class Cache:
    """Remembers the beginnings of recent prompts, by a chain of hashes of their parts."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def count(self, model: str, parts: list[dict[str, Any]]) -> int:
        """Count the tokens of the longest beginning that was seen before, and remember this prompt."""
        chain, known, cached, so_far = blake2b(model.encode(), digest_size=16), True, 0, 0
        for part in parts:
            chain.update(json.dumps(part, sort_keys=True).encode() + b"\0")
            so_far += tokens_of(part)
            digest = chain.digest()
            known = known and digest in self._seen
            if known:
                cached = so_far
            self._seen[digest] = None
            self._seen.move_to_end(digest)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return cached if cached >= _CACHED_FROM else 0
