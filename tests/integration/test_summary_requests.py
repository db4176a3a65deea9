"""A summary is asked for through the SDK, and what the offline model writes is understood."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backscroll.compaction.summary import build_prompts, read_summary
from backscroll.messages.part import spoken
from backscroll.model.gemini import Gemini
from backscroll.model.port import Answer, Content, Prompt
from backscroll.model.schema import json_schema
from backscroll.model.stop import Stop
from backscroll.settings import ModelSettings, Settings
from tests.stack.offline import OfflineModel
from tests.unit.conversations import messages, said


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineModel]:
    offline = OfflineModel(tmp_path_factory.mktemp("model"))
    yield offline
    offline.stop()


def ask(model: OfflineModel, prompt: Prompt) -> Answer:
    gemini = Gemini(ModelSettings(base_url=model.url))
    try:
        return gemini.generate(prompt, timeout=20, deadline=20, stop=Stop())
    finally:
        gemini.close()


@pytest.mark.parametrize("tier", ["standard", "flex"])
def test_a_summary_is_asked_for_by_its_schema_and_tier(model: OfflineModel, tier: str) -> None:
    model.reset()
    settings = Settings(model=ModelSettings(summary_tier=tier))
    history = messages([said("user", "Mia Li booked the ferry FX-7781 to Bergen.")], [said("user", "ok")])
    (prompt,) = build_prompts(history, settings)
    answer = ask(model, prompt)
    (request,) = model.requests("summary")
    config = request["body"]["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert prompt.schema is not None
    assert config["responseJsonSchema"] == json_schema(prompt.schema)
    assert request["body"].get("serviceTier") == (None if tier == "standard" else "flex")
    summary = read_summary(spoken(answer.parts))
    assert summary is not None
    assert "FX-7781" in summary.what_happened


def test_a_reply_is_asked_for_as_before(model: OfflineModel) -> None:
    model.reset()
    (content,) = (Content("user", messages([said("user", "Hello?")])[0].parts),)
    ask(model, Prompt(model="m", contents=(content,)))
    (request,) = model.requests("reply")
    assert not request["body"].get("generationConfig")
    assert "serviceTier" not in request["body"]
