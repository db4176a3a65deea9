"""What the real thing refuses: unknown models, values out of range, calls and responses that do not match.

The messages are Google's, so that what a caller does with one can be tried without a key.
"""

from __future__ import annotations

import re
from typing import Any

from backscroll.offline import media
from backscroll.offline.fields import invalid
from backscroll.offline.protocol import Refused
from backscroll.offline.tools import declared, parts_with

_FAMILIES = ("gemini", "gemma", "offline")
_ROLES = ("user", "model", "function", None)
# The least and the largest value, and whether that one is still taken.
_RANGES = {
    "temperature": (0, 2, "inclusive"),
    "topP": (0, 1, "inclusive"),
    "maxOutputTokens": (1, 65537, "exclusive"),
}
_MODALITIES = frozenset({"TEXT", "IMAGE", "AUDIO"})
_MODES = frozenset({"MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"})
_CATEGORIES = frozenset(
    f"HARM_CATEGORY_{name}"
    for name in (
        "HARASSMENT",
        "HATE_SPEECH",
        "SEXUALLY_EXPLICIT",
        "DANGEROUS_CONTENT",
        "CIVIC_INTEGRITY",
    )
)
_THRESHOLDS = frozenset(
    {
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
        "BLOCK_LOW_AND_ABOVE",
        "BLOCK_MEDIUM_AND_ABOVE",
        "BLOCK_ONLY_HIGH",
        "BLOCK_NONE",
        "OFF",
    }
)
_FUNCTION_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,63}", re.ASCII)


def check_model(model: str, version: str) -> None:
    """Refuse a model that there is not: a version of no known family.

    A name without a hyphen is no version but a nickname, and taken.
    """
    if "-" in model and not model.startswith(_FAMILIES):
        raise Refused(
            f"models/{model} is not found for API version {version}, or is not supported for generateContent."
            " Call ListModels to see the list of available models and their supported methods.",
            404,
        )


def check(body: dict[str, Any]) -> None:
    """Refuse a request, with its fields as `fields.read` gives them, that the real thing would not take.

    Raises:
        Refused: with the first thing that is wrong.
    """
    contents = body.get("contents")
    if not contents:
        raise Refused("contents is not specified")
    for content in contents:
        if not content.get("parts"):
            raise Refused("contents.parts must not be empty")
        if content.get("role") not in _ROLES:
            raise Refused("Please use a valid role: user, model.")
    _check_config(body.get("generationConfig", {}))
    _check_safety(body.get("safetySettings", []))
    _check_tools(body)
    _check_turns(contents)
    media.check(contents)


def _check_config(config: dict[str, Any]) -> None:
    for name, (least, most, end) in _RANGES.items():
        value = config.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid(f"generation_config.{name}", value)
        if not least <= value <= most or (value == most and end == "exclusive"):
            raise Refused(
                f"Unable to submit request because it has a {name} value of {value:.10g} but the supported"
                f" range is from {least} (inclusive) to {most} ({end}). Update the value and try again."
            )
    modalities = config.get("responseModalities", [])
    if not isinstance(modalities, list) or not _MODALITIES.issuperset(map(str, modalities)):
        raise invalid("generation_config.response_modalities", modalities)


def _check_safety(settings: list[dict[str, Any]]) -> None:
    for index, setting in enumerate(settings):
        for field, known in (("category", _CATEGORIES), ("threshold", _THRESHOLDS)):
            value = setting.get(field)
            if not isinstance(value, str) or value not in known:
                raise invalid(f"safety_settings[{index}].{field}", value)


def _check_tools(body: dict[str, Any]) -> None:
    functions = declared(body)
    names: set[Any] = set()
    for function in functions:
        name = function.get("name")
        if not isinstance(name, str) or not _FUNCTION_NAME.fullmatch(name):
            raise Refused(
                f"Invalid function name {name!r}. Must start with a letter or an underscore. Must be a-z,"
                " A-Z, 0-9, or contain underscores (_), dots (.), colons (:), or dashes (-), with a maximum"
                " length of 64."
            )
        if name in names:
            raise Refused(f"Duplicate function declaration found: {name}")
        names.add(name)
        for field in ("parameters", "parametersJsonSchema"):
            if not isinstance(function.get(field, {}), dict):
                raise invalid(f"tools.function_declarations.{name}", function[field])
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    mode, allowed = calling.get("mode", "AUTO"), calling.get("allowedFunctionNames", [])
    if str(mode) not in _MODES:
        raise invalid("tool_config.function_calling_config.mode", mode)
    if mode == "ANY" and not names:
        raise Refused("Function calling config is set without function_declarations.")
    if not isinstance(allowed, list) or not names.issuperset(map(str, allowed)):
        raise invalid("tool_config.function_calling_config.allowed_function_names", allowed)


def _check_turns(contents: list[dict[str, Any]]) -> None:
    """Hold function calls against what stands before and behind them."""
    calls_before, asked_before = 0, False
    for content in contents:
        by_model = content.get("role") == "model"
        calls = len(parts_with("functionCall", content)) if by_model else 0
        responses = 0 if by_model else len(parts_with("functionResponse", content))
        if calls and not asked_before:
            raise Refused(
                "Please ensure that function call turn comes immediately after a user turn or after a"
                " function response turn."
            )
        if responses and not calls_before:
            raise Refused(
                "Please ensure that function response turn comes immediately after a function call turn."
            )
        if responses != calls_before:
            raise _unequal()
        calls_before, asked_before = calls, not by_model
    if calls_before:
        raise _unequal()


def _unequal() -> Refused:
    return Refused(
        "Please ensure that the number of function response parts is equal to the number of function call"
        " parts of the function call turn."
    )
