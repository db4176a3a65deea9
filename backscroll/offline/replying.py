"""One request's answer: what is said and counted, how it is cut into chunks, and what a fault does to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from backscroll.offline import composing, protocol, tools
from backscroll.offline.counting import Cache, prompt_parts, tokens_of
from backscroll.offline.faults import Fault
from backscroll.offline.summaries import asks_for_summary


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is going to be said, and counted. `cut` tells whether texts are cut into several chunks."""

    model: str
    parts: list[dict[str, Any]]
    finish: str
    usage: dict[str, int]
    cut: bool = True


def reply(model: str, body: dict[str, Any], cache: Cache, fault: Fault | None) -> Reply:
    """Answer a request, or summarise where it asks for that."""
    ordered = fault is not None and (fault.kind == "parts" or bool(fault.parts))
    if fault is not None and ordered:
        parts, finish = list(fault.parts), "STOP"
    else:
        parts, finish = _said(model, body, fault)
    asked = prompt_parts(body)
    usage = {"promptTokenCount": sum(map(tokens_of, asked))}
    cached = cache.count(model, asked)
    if fault is not None and fault.kind == "cached_tokens":
        cached = fault.tokens
    if cached:
        usage["cachedContentTokenCount"] = cached
    thoughts = sum(tokens_of(part) for part in parts if part.get("thought"))
    if fault is not None and (fault.kind == "thought_tokens" or fault.thinking_only):
        thoughts = fault.tokens
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    usage["candidatesTokenCount"] = sum(tokens_of(part) for part in parts if not part.get("thought"))
    usage["totalTokenCount"] = sum(count for name, count in usage.items() if not name.startswith("cached"))
    if fault is not None and fault.kind == "safety":
        parts, finish = [], "SAFETY"
    return Reply(model=model, parts=parts, finish=finish, usage=usage, cut=not ordered)


def _said(model: str, body: dict[str, Any], fault: Fault | None) -> tuple[list[dict[str, Any]], str]:
    calls: list[dict[str, Any]] = []
    if fault is not None and fault.text:
        text = fault.text
    elif fault is not None and fault.kind == "empty_text":
        text = ""
    else:
        calls = [] if asks_for_summary(body) else tools.calls(body)
        text = composing.words(body, calls)
    text, finish = _limited(text, body, fault)
    return composing.parts(model, body, text, calls if finish == "STOP" else []), finish


def _limited(text: str, body: dict[str, Any], fault: Fault | None) -> tuple[str, str]:
    limit = body.get("generationConfig", {}).get("maxOutputTokens")
    if fault is not None and fault.kind == "max_tokens":
        limit = 0 if fault.thinking_only else min(5, tokens_of({"text": text}) - 1)
    if limit is None or tokens_of({"text": text}) <= limit:
        return text, "STOP"
    return text.encode()[: int(limit) * 4].decode(errors="ignore"), "MAX_TOKENS"


def whole(said: Reply, fault: Fault | None) -> dict[str, Any]:
    """Give the response in one piece."""
    kind = fault.kind if fault is not None else None
    if kind == "blocked":
        return protocol.blocked(said.model, said.usage)
    if kind == "empty":
        return protocol.empty(said.model, said.usage)
    if kind == "error_200":
        return protocol.error(500, "an error in the body of a success")
    finish = None if kind == "end_early" else said.finish
    return protocol.chunk(said.model, protocol.response_id(), said.parts, finish, said.usage)


def pieces(said: Reply, fault: Fault | None) -> Iterator[dict[str, Any]]:
    """Yield the response as a stream's chunks: of a text a few words each, of other parts one each.

    The last has finish reason and usage.
    """
    if fault is not None and fault.kind in ("blocked", "empty", "error_200", "safety"):
        yield whole(said, fault)
        return
    identity = protocol.response_id()
    parts = [piece for part in said.parts for piece in (_cut(part) if said.cut else [part])]
    chunks = [[part] for part in parts] or [[]]
    for chunk in chunks[:-1]:
        yield protocol.chunk(said.model, identity, chunk, None, None)
    yield protocol.chunk(said.model, identity, chunks[-1], said.finish, said.usage)


def _cut(part: dict[str, Any]) -> list[dict[str, Any]]:
    if not part.get("text"):
        return [part]
    words, size = part["text"].split(" "), composing.WORDS_A_CHUNK
    starts = range(0, len(words), size)
    return [
        part | {"text": " ".join(words[at : at + size]) + (" " if at + size < len(words) else "")}
        for at in starts
    ]
