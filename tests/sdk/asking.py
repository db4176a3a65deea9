"""Asking the adapter as a worker does, and hearing what it says meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backscroll.messages.message import Usage
from backscroll.messages.part import Part, Text
from backscroll.model.gemini import Gemini
from backscroll.model.port import Answer, Content, Prompt
from backscroll.model.stop import Stop
from backscroll.session_settings import SessionSettings

HELLO = Content("user", (Text("hello"),))


class Listening:
    """Everything that was heard, in order."""

    def __init__(self) -> None:
        self.begun = 0
        self.parts: list[Part] = []
        self.usages: list[Usage] = []

    def begin(self) -> None:
        self.begun += 1

    def hear(self, parts: Sequence[Part], usage: Usage | None, *, last: bool = False) -> None:
        self.parts.extend(parts)
        if usage is not None:
            self.usages.append(usage)


def prompt(*contents: Content, settings: SessionSettings | None = None, **rest: Any) -> Prompt:
    """Make a prompt, of a plain greeting where nothing else is said."""
    asked = {"model": "gemini-3.5-flash", "settings": settings or SessionSettings(), **rest}
    return Prompt(contents=contents or (HELLO,), **asked)


def ask(
    gemini: Gemini,
    asked: Prompt | None = None,
    *,
    timeout: float = 30,
    stop: Stop | None = None,
    heard: Listening | None = None,
) -> Answer:
    """Ask, without trying again."""
    return gemini.generate(asked or prompt(), timeout=timeout, deadline=60, stop=stop or Stop(), heard=heard)
