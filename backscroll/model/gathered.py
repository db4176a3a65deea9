"""How a streamed answer comes together: one message, however it was cut, or the right kind of error."""

from __future__ import annotations

import msgspec

from backscroll.errors import PermanentError, TransientError
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Part, Text
from backscroll.model.port import Answer

_BLOCKED = frozenset({"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"})
_AGAIN = frozenset({"OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "FINISH_REASON_UNSPECIFIED"})


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of an answer. `finish` and `blocked` are Gemini's own words; None where it did not say."""

    parts: tuple[Part, ...] = ()
    finish: str | None = None
    blocked: str | None = None
    usage: Usage | None = None
    model: str | None = None


class Gathered:
    """A streamed answer as it comes together: one list of parts, however it was cut into chunks."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._finish: str | None = None
        self._blocked: str | None = None
        self._usage = Usage()
        self._model: str | None = None

    def add(self, chunk: Chunk) -> None:
        """Take the next piece in."""
        self._model = chunk.model or self._model
        self._usage = chunk.usage or self._usage
        self._blocked = chunk.blocked or self._blocked
        self._finish = chunk.finish or self._finish
        for part in chunk.parts:
            self._join(part)

    def _join(self, part: Part) -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(part, Text) and isinstance(last, Text):
            # A signature belongs to exactly the text that it came with; so does a field we do not know.
            plain = not (last.signature or last.extra or part.signature or part.extra)
            if plain and last.thought == part.thought:
                self._parts[-1] = Text(last.text + part.text, thought=last.thought)
                return
        if part != Text(""):
            self._parts.append(part)

    def answer(self, asked: str) -> Answer:
        """Give the whole answer of the model that was `asked`.

        Raises:
            PermanentError: it refused to answer, or ended without one.
            TransientError: it was cut off, or is none; the next one may be.
        """
        said = any(isinstance(part, Other) or (part.text and not part.thought) for part in self._parts)
        if self._blocked or self._finish in _BLOCKED:
            raise PermanentError("blocked", f"the model refused to answer: {self._blocked or self._finish}")
        if self._finish is None:
            raise TransientError("stream_cut", "the model's answer ended before it was finished")
        if self._finish in _AGAIN or (self._finish == "STOP" and not said):
            raise TransientError("empty_answer", f"the model gave no answer: {self._finish}")
        if not said:
            raise PermanentError("no_answer", f"the model ended without an answer: {self._finish}")
        return Answer(
            parts=tuple(self._parts),
            usage=self._usage,
            model=self._model or asked,
            finish="stop" if self._finish == "STOP" else "cut_off",
        )
