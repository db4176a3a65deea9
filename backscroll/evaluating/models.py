"""The two models of a measurement: one that says again what was said, and the summariser, watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backscroll.errors import PermanentError, TransientError
from backscroll.evaluating.said import of_contents
from backscroll.messages import tokens
from backscroll.messages.message import Message, Usage
from backscroll.model.port import Answer, Heard, Model, Prompt
from backscroll.model.stop import Stop


class Recorded:
    """Answers as the conversation went on, and tells `asked` of each prompt that it was sent."""

    def __init__(self, answers: Iterator[Message], asked: Callable[[Prompt], object]) -> None:
        self._answers = answers
        self._asked = asked

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        """Give the next answer; see `Model.generate`."""
        stop.check()
        self._asked(prompt)
        parts = next(self._answers).parts
        sent, said = of_contents(prompt.contents), tokens.of_parts(parts)
        return Answer(
            parts=parts,
            usage=Usage(prompt_tokens=sent, output_tokens=said, total_tokens=sent + said),
            model="recorded",
            finish="stop",
        )


class Watched:
    """Passes prompts on, counts the calls and their tokens, and keeps the error of the last one."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.calls = 0
        self.tokens = 0
        self.error: TransientError | PermanentError | None = None

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        """Answer `prompt`; see `Model.generate`."""
        self.calls += 1
        self.error = None
        try:
            answer = self._model.generate(prompt, timeout=timeout, deadline=deadline, stop=stop, heard=heard)
        except (TransientError, PermanentError) as error:
            self.error = error
            raise
        usage = answer.usage
        sent = of_contents(prompt.contents) if usage.prompt_tokens is None else usage.prompt_tokens
        said = tokens.of_parts(answer.parts) if usage.output_tokens is None else usage.output_tokens
        self.tokens += sent + said
        return answer
