"""What is asked of a model and what it answers, independent of any SDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from backscroll.messages.message import Role, Usage
from backscroll.messages.part import Part
from backscroll.model.stop import Stop
from backscroll.session_settings import SessionSettings


class Content(msgspec.Struct, frozen=True):
    """One side's contribution to a prompt.

    `model` is the name by which the model was asked whose words these are: signatures in them mean
    something to that one only.
    """

    role: Role
    parts: tuple[Part, ...]
    model: str = ""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one call sends. Of `settings`, model and time to live are not for the model.

    `max_output_tokens` 0 leaves the limit to the model. Where there is a `schema`, the answer is asked for
    as JSON of that type; whether it is one is for the caller to check. The tier `flex` costs half, and is
    served when there is room.
    """

    model: str
    contents: tuple[Content, ...]
    system: str = ""
    settings: SessionSettings = SessionSettings()
    max_output_tokens: int = 0
    schema: type[msgspec.Struct] | None = None
    tier: Literal["standard", "flex"] = "standard"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer. `finish` is `cut_off` where the model's output limit ended it."""

    parts: tuple[Part, ...]
    usage: Usage
    model: str
    finish: Literal["stop", "cut_off"]


class Heard(Protocol):
    """Who hears an answer while it comes. Called on the model's own thread, and must not hold it up."""

    def begin(self) -> None:
        """An answer begins: what was heard before is void."""
        ...

    def hear(self, parts: Sequence[Part], usage: Usage | None, *, last: bool = False) -> None:
        """A piece of it came: texts to append, or whole other parts, and the tokens so far if it tells.

        `last`: the model has said that it is done; its answer is there in a moment.
        """
        ...


class Model(Protocol):
    """A model that answers prompts."""

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        """Answer `prompt`.

        Args:
            prompt: what to answer.
            timeout: seconds that the model may be silent, before and within its answer.
            deadline: seconds for the whole answer.
            stop: ends the call at once when somebody asks for it, and raises the reason.
            heard: who hears the answer while it comes.

        Raises:
            TransientError: the same call may succeed later; `delay` where the model named one.
            PermanentError: it will not.
        """
        ...
