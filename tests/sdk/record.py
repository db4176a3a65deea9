"""Writes down what the installed SDK makes of each part, and what it sends: `python -m tests.sdk.record`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google import genai
from google.genai import types

from backscroll.messages.part import Other, Text, to_stored
from backscroll.model.fields import known
from backscroll.model.gemini import Gemini
from backscroll.model.gemini_parts import received
from backscroll.model.port import Content, Prompt
from backscroll.session_settings import SessionSettings
from backscroll.settings import ModelSettings
from tests.sdk.asking import ask, prompt
from tests.sdk.server import Replaying, Request
from tests.sdk.wire_parts import PARTS, SIGNED

FIXTURES = Path(__file__).parent / "fixtures"


def parts() -> list[dict[str, Any]]:
    """Give each part as this SDK writes it out, and as it is stored."""
    found = [types.Part.model_validate(known(types.Part, wire)) for _, wire in PARTS]
    dumps = [part.model_dump(mode="json", exclude_none=True, by_alias=True) for part in found]
    return [{"dump": dump, "stored": to_stored(received(dump))} for dump in dumps]


def everything() -> Prompt:
    """Make a prompt that uses all that can be set."""
    call = Other({"type": "function_call", "functionCall": {"name": "now", "args": {"a_b": 1}}, **SIGNED})
    response = Other({"type": "function_response", "functionResponse": {"name": "now", "response": {}}})
    return prompt(
        Content("user", (Text("hello"),)),
        Content("model", (Text("hm", thought=True), call), "gemini-3.5-flash"),
        Content("user", (response,)),
        settings=SessionSettings(
            system_instruction="Be brief.",
            generation_config={"temperature": 0.5, "thinking_config": {"thinking_budget": 0}},
            safety_settings=({"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"},),
            tools=({"function_declarations": [{"name": "now", "parameters": {"type": "OBJECT"}}]},),
            tool_config={"function_calling_config": {"mode": "AUTO"}},
        ),
        max_output_tokens=100,
    )


def request() -> Request:
    """Give what this SDK sends for it."""
    api = Replaying()
    gemini = Gemini(ModelSettings(base_url=api.url))
    api.stream("plain")
    ask(gemini, everything())
    gemini.close()
    api.close()
    return api.requests[0]


def write(name: str, content: Any) -> None:
    """Keep it with the fixtures of the installed version."""
    path = FIXTURES / genai.__version__ / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sent = request()
    write("parts", parts())
    write("request", {"path": sent.path, "body": sent.body})
