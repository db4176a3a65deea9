"""The models: is there a key, and does each one answer."""

from __future__ import annotations

import time
from collections.abc import Iterator

from backscroll.diagnosing.finding import Finding
from backscroll.errors import BackscrollError
from backscroll.messages.part import Text
from backscroll.model.port import Content, Model, Prompt
from backscroll.model.stop import Stop
from backscroll.settings import ModelSettings, variable

_QUESTION = Content("user", (Text("Answer with the word yes."),))


def look(settings: ModelSettings, seconds: float) -> list[Finding]:
    """Put one short question to every model that the settings name, and wait for `seconds` each at most."""
    if not settings.api_key and not settings.base_url:
        return [
            Finding("model", "error", "no key", f"set {variable('api_key')}: Gemini answers nobody without")
        ]
    from backscroll.model.gemini import Gemini  # its SDK takes a second to load

    model = Gemini(settings)
    try:
        return list(ask_all(model, settings, seconds))
    finally:
        model.close()


def ask_all(model: Model, settings: ModelSettings, seconds: float) -> Iterator[Finding]:
    """Put the question to each model once."""
    roles: dict[str, list[str]] = {}
    for role, name in (
        ("replies", settings.reply_model),
        ("summaries", settings.summary_model),
        ("fallback", settings.fallback_model),
    ):
        if name:
            roles.setdefault(name, []).append(role)
    for name, uses in roles.items():
        yield _ask(model, name, f"model of {', '.join(uses)}", seconds)


def _ask(model: Model, name: str, check: str, seconds: float) -> Finding:
    began = time.monotonic()
    prompt = Prompt(model=name, contents=(_QUESTION,))
    try:
        model.generate(prompt, timeout=seconds, deadline=seconds, stop=Stop())
    except BackscrollError as error:
        return Finding(check, "error", f"{name}: {error.code}", error.message)
    return Finding(check, "ok", f"{name} answers, after {time.monotonic() - began:.1f} s")
