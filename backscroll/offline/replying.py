"""One request's answer: what is said, how it is cut into chunks, and what an ordered fault does to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from backscroll.offline import protocol
from backscroll.offline.answers import answer
from backscroll.offline.counting import Cache, prompt_parts, tokens_of
from backscroll.offline.faults import Fault
from backscroll.offline.summaries import asks_for_summary, summarise

_WORDS_A_CHUNK = 8


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is going to be said, and counted."""

    model: str
    text: str
    finish: str
    usage: dict[str, int]


def reply(model: str, body: dict[str, Any], cache: Cache, fault: Fault | None) -> Reply:
    """Answer a request, or summarise where it asks for that."""
    kind = fault.kind if fault is not None else None
    if fault is not None and fault.text:
        text = fault.text
    elif kind == "empty_text":
        text = ""
    else:
        text = summarise(body) if asks_for_summary(body) else answer(body["contents"])
    text, finish = _limited(text, body, fault)
    parts = prompt_parts(body)
    usage = {"promptTokenCount": sum(map(tokens_of, parts))}
    cached = cache.count(model, parts)
    if fault is not None and kind == "cached_tokens":
        cached = fault.tokens
    if cached:
        usage["cachedContentTokenCount"] = cached
    if fault is not None and (kind == "thought_tokens" or fault.thinking_only):
        usage["thoughtsTokenCount"] = fault.tokens
    usage["candidatesTokenCount"] = tokens_of({"text": text})
    usage["totalTokenCount"] = sum(count for name, count in usage.items() if not name.startswith("cached"))
    return Reply(model=model, text=text, finish="SAFETY" if kind == "safety" else finish, usage=usage)


def _limited(text: str, body: dict[str, Any], fault: Fault | None) -> tuple[str, str]:
    config = body.get("generationConfig") or {}
    limit = config.get("maxOutputTokens")
    if fault is not None and fault.kind == "max_tokens":
        limit = 0 if fault.thinking_only else min(5, tokens_of({"text": text}) - 1)
    if limit is None or tokens_of({"text": text}) <= limit:
        return text, "STOP"
    return text.encode()[: limit * 4].decode(errors="ignore"), "MAX_TOKENS"


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
    parts = [{"text": said.text}] if said.text and kind != "safety" else []
    return protocol.chunk(said.model, protocol.response_id(), parts, finish, said.usage)


def pieces(said: Reply, fault: Fault | None) -> Iterator[dict[str, Any]]:
    """Yield the response as a stream's chunks: a few words each; the last has finish reason and usage."""
    if fault is not None and fault.kind in ("blocked", "empty", "error_200", "safety"):
        yield whole(said, fault)
        return
    words = said.text.split(" ")
    identity = protocol.response_id()
    chunks = [words[start : start + _WORDS_A_CHUNK] for start in range(0, len(words), _WORDS_A_CHUNK)]
    for index, chunk in enumerate(chunks):
        last = index == len(chunks) - 1
        text = " ".join(chunk) + ("" if last else " ")
        yield protocol.chunk(
            said.model,
            identity,
            [{"text": text}] if text else [],
            said.finish if last else None,
            said.usage if last else None,
        )
