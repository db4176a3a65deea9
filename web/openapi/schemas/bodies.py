"""What clients post, made from the types that read it, so that the two cannot differ.

What a type cannot say is added here: that a message has `text` or `parts`, and says something.
"""

from __future__ import annotations

from typing import Any

import msgspec

from backscroll.settings import WebSettings
from web.openapi.table import Schema, ref
from web.parts import PartBody
from web.reading import CompactBody, MessageBody, RestoreBody
from web.session_settings import SettingsBody

_READ_BY = (MessageBody, PartBody, SettingsBody, CompactBody, RestoreBody)

_BASE64, _URL_SAFE = "[A-Za-z0-9+/]", "[A-Za-z0-9_-]"
_DATA = "|".join(
    f"^(?:{each}{{4}})*(?:{each}{{4}}|{each}{{2}}(?:==)?|{each}{{3}}=?)$" for each in (_BASE64, _URL_SAFE)
)
# What is blank to us: `\s` is something else in each language.
_BLANK = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INK = f"[^{_BLANK}]"
_KINDS = ("text", "inlineData", "fileData", "functionResponse")

_A_MODEL = "1 to 128 of A-Z, a-z, 0-9 and `. _ / -`; the deployment's where none is named"
_MEANINGS = {
    "MessageBody": {
        "text": "what is said; not blank",
        "parts": "what is said, shown or given back; not all of it blank",
        "model": f"who answers this message: {_A_MODEL}",
        "on_busy": "what to do when others wait or are in work",
    },
    "PartBody": {"type": "may be said, and then is that of what the part holds"},
    "InlineData": {"mimeType": "such as `image/png`"},
    "FileData": {"fileUri": "begins with `https://`, `http://` or `gs://`"},
    "FunctionResponse": {
        "name": "of the function: 1 to 128 of A-Z, a-z, 0-9 and `_ . : -`",
        "response": "nested 64 levels deep at most",
        "id": "of the call, where it had one",
    },
    "SettingsBody": {
        "model": f"who answers: {_A_MODEL}",
        "system_instruction": "what the model is told before everything else",
        "ttl": "seconds from the last access until the session expires",
    },
    "CompactBody": {"keep": "turns that stay verbatim; what the deployment is set to by default"},
    "RestoreBody": {"chapters": "how many at most; as many as fit by default"},
}


def schemas(limits: WebSettings) -> dict[str, Schema]:
    """Give the schemas of all bodies."""
    _, found = msgspec.json.schema_components(_READ_BY, ref_template="#/components/schemas/{name}")
    made: dict[str, Schema] = {name: _in_openapi(schema) for name, schema in found.items()}
    _say_more_of_parts(made, limits)
    _say_more_of_messages(made["MessageBody"], limits)
    for name, meanings in _MEANINGS.items():
        for field, meaning in meanings.items():
            made[name]["properties"][field]["description"] = meaning
    made["SettingsBody"]["description"] += (
        f" The inner objects are Gemini's own. All of it is at most {limits.settings_bytes:,} bytes of JSON, "
        "and leaves room for a message below the session's `budget.ceiling_tokens`."
    )
    return made


def _say_more_of_messages(message: Schema, limits: WebSettings) -> None:
    properties = message["properties"]
    properties["parts"] = _or_null(
        {
            "type": "array",
            "items": ref("PartBody"),
            "maxItems": properties["parts"]["anyOf"][0]["maxItems"],
            # At least one of them says something.
            "contains": {
                "anyOf": [_said("text", pattern=_INK), *({"required": [each]} for each in _KINDS[1:])]
            },
        }
    )
    properties["text"] = _or_null({"type": "string", "pattern": _INK, "maxLength": limits.message_bytes})
    message["oneOf"] = [
        {"required": ["text"], "properties": {"text": {"type": "string"}, "parts": {"type": "null"}}},
        {"required": ["parts"], "properties": {"parts": {"type": "array"}, "text": {"type": "null"}}},
    ]
    message["description"] = (
        f"A message: either `text` or `parts`, at most {limits.message_bytes:,} bytes of UTF-8 "
        f"and {limits.media_bytes:,} bytes of media. Its tokens, as estimated, and those of the session's "
        "settings are no more than `budget.ceiling_tokens` together."
    )


def _say_more_of_parts(made: dict[str, Schema], limits: WebSettings) -> None:
    part = made["PartBody"]
    part["description"] = "One of text, media, a file, or what a function gave back."
    part["properties"]["text"]["maxLength"] = limits.message_bytes
    # One of them and no other; its type may be said, and then is the right one.
    part["oneOf"] = [
        {
            "required": [each],
            "properties": {"type": {"const": kind}} | {other: False for other in _KINDS if other != each},
        }
        for each, kind in zip(_KINDS, PartBody.__struct_fields__[1:], strict=True)
    ]
    data = made["InlineData"]["properties"]["data"]
    data |= {"pattern": _DATA, "contentEncoding": "base64"}
    data["description"] = f"at most {limits.media_bytes:,} bytes, before base64"


def _said(name: str, **more: Any) -> Schema:
    return {"required": [name], "properties": {name: {"type": "string", **more}}}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}], "default": None}


def _in_openapi(schema: Any) -> Any:
    """Write patterns as ECMAScript has them: there `$` is the end of a string and nothing else."""
    if isinstance(schema, dict):
        return {
            name: value.replace(r"\Z", "$").replace(r"\s", _BLANK)
            if name == "pattern"
            else _in_openapi(value)
            for name, value in schema.items()
        }
    return [_in_openapi(each) for each in schema] if isinstance(schema, list) else schema
