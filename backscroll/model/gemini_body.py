"""The body of a request, in Gemini's own JSON.

It is written here and not by the SDK: what a client set for its session then travels as the client wrote
it, so that a newer API's options work through an older SDK, and the provider itself says what is wrong
with them. The SDK's types check beforehand all that they know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pydantic

from backscroll.errors import PermanentError
from backscroll.messages.part import Part, Text
from backscroll.model.fields import Shape, known, spelled
from backscroll.model.gemini_parts import sent
from backscroll.model.gemini_signatures import signed_for
from backscroll.model.port import Prompt
from backscroll.model.schema import json_schema

# Mistakes that an error tells of; one is often the cause of many.
_TOLD = 3
_LONGEST_MISTAKE = 200


class Shapes(msgspec.Struct, frozen=True, kw_only=True):
    """The SDK's types of what a body is made of."""

    content: Shape
    part: Shape
    generation_config: Shape
    safety_setting: Shape
    tool: Shape
    tool_config: Shape


def body(prompt: Prompt, shapes: Shapes) -> dict[str, Any]:
    """Write the body that asks for `prompt`.

    Raises:
        PermanentError: `invalid_config`, when it holds what cannot be sent, with where it stands.
    """
    settings = prompt.settings
    contents: list[dict[str, Any]] = []
    for at, content in enumerate(signed_for(prompt.contents, prompt.model)):
        parts = [sent(part, shapes.part) for part in content.parts]
        contents.append({"role": content.role, "parts": parts})
        if not all(map(_is_plain, content.parts)):
            _check(shapes.content, contents[-1], f"contents.{at}")
    written: dict[str, Any] = {"contents": contents}
    if system := prompt.system or settings.system_instruction:
        written["systemInstruction"] = {"parts": [{"text": system}]}
    if generation := _generation_config(prompt, shapes.generation_config):
        written["generationConfig"] = generation
    if settings.safety_settings:
        written["safetySettings"] = _each(shapes.safety_setting, settings.safety_settings, "safety_settings")
    if settings.tools:
        written["tools"] = _each(shapes.tool, settings.tools, "tools")
    if settings.tool_config:
        written["toolConfig"] = _checked(shapes.tool_config, settings.tool_config, "tool_config")
    if prompt.tier != "standard":
        # Flex is shed with a 503 or 429 when there is no room. That is tried again until the deadline, and
        # then given up as any other: nobody waits for what is asked for at this tier, and the next try is
        # cheaper than the full price for this one.
        written["serviceTier"] = prompt.tier
    return written


def _is_plain(part: Part) -> bool:
    """Tell whether a part is words alone, which are right as they are: each turn sends all of them anew."""
    return isinstance(part, Text) and part.signature is None and not part.extra


def _generation_config(prompt: Prompt, shape: Shape) -> dict[str, Any]:
    written = _checked(shape, prompt.settings.generation_config, "generation_config")
    if most := prompt.max_output_tokens:
        # The deployment's limit bounds the session's.
        written["maxOutputTokens"] = min(int(written.get("maxOutputTokens") or most), most)
    if prompt.schema is not None:
        written["responseMimeType"] = "application/json"
        written["responseJsonSchema"] = json_schema(prompt.schema)
    return written


def _each(shape: Shape, found: tuple[Mapping[str, Any], ...], where: str) -> list[dict[str, Any]]:
    return [_checked(shape, each, f"{where}.{at}") for at, each in enumerate(found)]


def _checked(shape: Shape, found: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        written = spelled(shape, found)
    except RecursionError:
        raise _invalid(f"{where}: is nested too deeply") from None
    _check(shape, written, where)
    return written


def _check(shape: Shape, raw: dict[str, Any], where: str) -> None:
    try:
        shape.model_validate(known(shape, raw))
    except pydantic.ValidationError as error:
        mistakes = error.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(
            f"{'.'.join((where, *map(str, mistake['loc'])))}: {mistake['msg']}"[:_LONGEST_MISTAKE]
            for mistake in mistakes[:_TOLD]
        )
        raise _invalid(told) from None
    except (AttributeError, RecursionError):
        # The SDK's enums take whatever is there for a word; and what is too deep for it is for JSON, too.
        raise _invalid(f"{where}: a word is expected where none is, or it is nested too deeply") from None


def _invalid(told: str) -> PermanentError:
    return PermanentError("invalid_config", f"what was set cannot be sent to the model: {told}")
