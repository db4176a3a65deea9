"""Function calls: what a message that names declared functions makes the offline model call.

It calls each function as often as the message names it, in that order. What an argument becomes:

- what stands behind its name, as in `city=Bergen`, `city: Bergen` or `city="New York"`;
- else, if it must be there, by its type: one of the values of an `enum` that the message holds, or the
  first; a string is the rest of the sentence behind the function's name, or `something`; a number is the
  next one in the message, or 0; a boolean is true; a list has one item; an object is filled like this.

An argument must be there if the schema requires it, or if the schema requires none.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from backscroll.offline.words import sentences

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LEADING = re.compile(r"^(?:(?:for|with|of|to|in|on|at|about|and|the)\b\s*)+", re.IGNORECASE)
_TRAILING = re.compile(r"(?:[\s.,;:!?]|\band\b|\bthen\b|\bcall\b)+$", re.IGNORECASE)


def declared(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the functions that a request declares."""
    return [each for tool in body.get("tools", []) for each in tool.get("functionDeclarations", [])]


def parts_with(field: str, content: dict[str, Any]) -> list[dict[str, Any]]:
    """Give those parts of a content that have a field."""
    return [part for part in content["parts"] if field in part]


def calls(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the function calls with which a request is answered: none, where words answer it.

    The mode `NONE` never calls. `ANY` always does: the first function that may be called, where the
    message names none.
    """
    config = body.get("toolConfig", {}).get("functionCallingConfig", {})
    mode, allowed = config.get("mode", "AUTO"), config.get("allowedFunctionNames", [])
    functions = {each["name"]: each for each in declared(body) if not allowed or each["name"] in allowed}
    if mode == "NONE" or not functions:
        return []
    text = "\n".join(
        part["text"] for part in body["contents"][-1]["parts"] if isinstance(part.get("text"), str)
    )
    named = _named(text, list(functions))
    if not named and mode == "ANY":
        named = [(next(iter(functions)), text)]
    return [
        {"id": f"call-{uuid4().hex[:8]}", "name": name, "args": _arguments(functions[name], behind, text)}
        for name, behind in named
    ]


def _named(text: str, names: list[str]) -> list[tuple[str, str]]:
    """Give the functions that a text names, each with what stands behind it up to the next."""
    # The longest first: of get_weather and get_weather.now, the second is the whole name.
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    found = list(re.finditer(rf"(?<![\w-])(?:{either})(?![\w-])", text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    return [(each[0], text[each.end() : end]) for each, end in zip(found, ends, strict=False)]


def _arguments(function: dict[str, Any], behind: str, text: str) -> dict[str, Any]:
    schema = function.get("parametersJsonSchema") or function.get("parameters") or {}
    return _Arguments(schema, behind, text).of_object(schema)


class _Arguments:
    """One call's arguments as they are found: each number of the text is used once."""

    def __init__(self, schema: dict[str, Any], behind: str, text: str) -> None:
        self._behind, self._text = behind, text
        rest = behind
        for name in _names(schema):
            rest = _assigned(name).sub(" ", rest)
        self._numbers = _NUMBER.findall(rest)
        first = next(iter(sentences(rest.strip(" ,;:()"))), "")
        self._rest = _TRAILING.sub("", _LEADING.sub("", first))

    def of_object(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = _properties(schema)
        needed = schema.get("required") or list(properties)
        found: dict[str, Any] = {}
        for name, inner in properties.items():
            given = self._given(name)
            if given is not None or name in needed:
                found[name] = self._value(inner, given)
        return found

    def _given(self, name: str) -> str | None:
        """Find what stands behind an argument's name: behind the function's, else anywhere."""
        at = _assigned(name).search(self._behind) or _assigned(name).search(self._text)
        return None if at is None else at["quoted"] if at["quoted"] is not None else at["word"]

    def _value(self, schema: dict[str, Any], given: str | None) -> Any:
        schema = next((each for each in schema.get("anyOf") or [] if isinstance(each, dict)), schema)
        kind = _type(schema)
        if kind in ("integer", "number"):
            return self._number(kind, given)
        if kind == "boolean":
            return (given or "true").lower() not in ("false", "no", "0")
        if kind == "array":
            items = schema.get("items")
            return [self._value(items if isinstance(items, dict) else {}, given)]
        if kind == "object":
            return self.of_object(schema)
        return self._string(schema, given)

    def _number(self, kind: str, given: str | None) -> int | float:
        number = _NUMBER.match(given or "")
        text = number[0] if number else self._numbers.pop(0) if self._numbers else "0"
        value = float(text)
        # A whole number stays one in every JSON library: the call's signature is made of it.
        return int(value) if kind == "integer" or value.is_integer() else value

    def _string(self, schema: dict[str, Any], given: str | None) -> str:
        values = [value for value in schema.get("enum") or [] if isinstance(value, str)]
        if values:
            said = (given or self._behind).lower()
            return next((value for value in values if value.lower() in said), values[0])
        return given if given is not None else self._rest or "something"


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    found = schema.get("properties")
    items = found.items() if isinstance(found, dict) else ()
    return {name: inner for name, inner in items if isinstance(inner, dict)}


def _names(schema: dict[str, Any]) -> list[str]:
    """Give the names of all properties, also of those within others."""
    found: list[str] = []
    for name, inner in _properties(schema).items():
        found += [name, *_names(inner)]
    return found


def _assigned(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w-]){re.escape(name)}\s*[=:]\s*(?:\"(?P<quoted>[^\"]*)\"|(?P<word>[^\s,;]*[^\s,;.!?)]))"
    )


def _type(schema: dict[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "string")
    return str(kind).lower()
