"""The offline model's summaries of real conversations: each is of what was said, and so none is refused."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from backscroll.compaction.gate import refusal
from backscroll.compaction.source import of_messages
from backscroll.compaction.summary import build_prompts, combine, read_summary
from backscroll.messages.message import Message, Usage, flatten, turns
from backscroll.messages.part import Text
from backscroll.model.port import Answer
from backscroll.offline.summaries import summarise
from backscroll.settings import Settings
from tests.unit.conversations import SHARED, real_conversations
from tests.unit.test_offline_summaries import asked_by


def answers(history: tuple[Message, ...]) -> list[Answer]:
    texts = [summarise(asked_by(prompt)) for prompt in build_prompts(history, Settings())]
    return [Answer(parts=(Text(text),), usage=Usage(), model="m", finish="stop") for text in texts]


@pytest.mark.parametrize("file", ["support_dev", "tools_dev", "long_dev", "code_dev"])
def test_no_summary_of_what_was_said_is_refused(file: str) -> None:
    reasons: Counter[str | None] = Counter()
    for history in real_conversations(file):
        whole = turns(history)
        for start in range(0, max(1, len(whole) - 9), 20):
            covered = flatten(whole[start : start + 20])
            given = answers(covered)
            summary = combine([read_summary(text_of(answer)) for answer in given])
            reasons[refusal(given, summary, of_messages(covered))] += 1
    assert set(reasons) == {None}, reasons


def text_of(answer: Answer) -> str:
    (part,) = answer.parts
    assert isinstance(part, Text)
    return part.text


def test_a_summary_of_another_conversation_is_refused_for_its_language() -> None:
    path = SHARED / "long_dev.jsonl"
    if not path.exists():
        pytest.skip("the shared conversations (shared/data beside the repository) are not there")
    languages = [json.loads(line).get("lang") for line in path.read_text(encoding="utf-8").splitlines()]
    histories = list(zip(languages, real_conversations("long_dev"), strict=True))
    chinese = [history for language, history in histories if language in ("zh", "cn")]
    english = [history for language, history in histories if language not in ("zh", "cn")]
    assert len(chinese) >= 5
    for ours, theirs in zip(chinese, english, strict=False):
        for one, other in ((ours, theirs), (theirs, ours)):
            given = answers(one)
            summary = combine([read_summary(text_of(answer)) for answer in given])
            assert refusal(given, summary, of_messages(other)) == "wrong_language"
