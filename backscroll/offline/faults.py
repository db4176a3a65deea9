"""Faults that can be ordered: which requests they meet, and how often."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Kind = Literal[
    "delay",  # answers after `seconds`
    "slow_stream",  # `seconds` between two chunks
    "400",
    "404",
    "429",  # with `retry_delay` as RetryInfo, or `retry_after` as a header, or neither
    "500",
    "503",
    "cut_stream",  # the connection breaks after `after_chunks`
    "end_early",  # the stream ends in good form after `after_chunks`, without a finish reason
    "stall",  # nothing for `seconds` after `after_chunks`
    "malformed",  # no JSON
    "empty",  # no candidates
    "empty_text",  # finished, and nothing said
    "blocked",  # the prompt was blocked
    "safety",  # the answer was
    "max_tokens",  # cut off; `thinking_only`: before anything was said
    "thought_tokens",  # counts `tokens` of thought
    "cached_tokens",  # counts `tokens` as cached
    "text",  # says `text`, as any other kind does that says something
    "parts",  # answers `parts` as they are, one a chunk; so does any other kind that has some
    "error_200",  # an error in the body of a success
]

Seconds = Annotated[float, Meta(ge=0, le=3600)]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order. `count` 0 holds until it is cleared; `match` is a substring of the request."""

    kind: Kind
    model: str | None = None
    target: Literal["reply", "summary"] | None = None
    match: str = ""
    count: Annotated[int, Meta(ge=0)] = 1
    seconds: Seconds = 1.0
    delay: Seconds = 0.0
    retry_delay: Seconds | None = None
    retry_after: str | None = None
    after_chunks: Annotated[int, Meta(ge=0)] = 1
    thinking_only: bool = False
    tokens: Annotated[int, Meta(ge=0)] = 0
    text: str = ""
    parts: tuple[dict[str, Any], ...] = ()


class Faults:
    """The orders that have not been met yet, oldest first."""

    def __init__(self) -> None:
        self._orders: list[tuple[Fault, int]] = []

    def order(self, fault: Fault) -> None:
        """Add an order."""
        self._orders.append((fault, fault.count))

    def clear(self) -> None:
        """Forget all orders."""
        self._orders.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Give what is left of the orders."""
        return [msgspec.structs.asdict(fault) | {"left": left} for fault, left in self._orders]

    def meet(self, model: str, target: str, body: dict[str, Any]) -> Fault | None:
        """Take the first order that a request meets."""
        text: str | None = None
        for index, (fault, left) in enumerate(self._orders):
            if fault.model not in (None, model) or fault.target not in (None, target):
                continue
            if fault.match:
                text = text or json.dumps(body, ensure_ascii=False)
                if fault.match not in text:
                    continue
            if left == 1:
                del self._orders[index]
            elif left > 1:
                self._orders[index] = (fault, left - 1)
            return fault
        return None
