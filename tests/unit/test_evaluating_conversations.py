"""Conversations with facts, read from their file; a broken line is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backscroll.errors import PermanentError
from backscroll.evaluating.conversations import INTERRUPTED, NOTED, interrupted, part, read
from backscroll.evaluating.said import of_messages
from backscroll.messages.part import Other, Text

HELLO = [{"role": "user", "parts": [{"text": "hello"}]}, {"role": "model", "parts": [{"text": "hi"}]}]


def file(directory: Path, *lines: Any) -> Path:
    path = directory / "conversations.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_every_message_is_read_with_all_its_parts_as_they_are_stored(tmp_path: Path) -> None:
    call = {"name": "book", "args": {"seats": 2, "names": ["Ida", "Bo"]}}
    messages = [
        {"role": "user", "parts": [{"text": "book it"}, {"text": "now"}], "ts": 7},
        {"role": "model", "parts": [{"function_call": call}]},
        {"role": "user", "parts": [{"function_response": {"name": "book", "response": {"code": "X7Q"}}}]},
        {"role": "model", "parts": [{"text": "done"}]},
    ]
    [talk] = read(file(tmp_path, {"id": 7, "messages": messages, "open_tasks": 0}))
    assert (talk.id, talk.control, len(talk.turns)) == ("7", True, 1)
    assert [message.seq for message in talk.messages] == [1, 2, 3, 4]
    assert talk.messages[0].parts == (Text("book it"), Text("now"))
    assert talk.messages[1].parts == (Other({"type": "function_call", "functionCall": call}),)
    text = of_messages(talk.messages).splitlines()
    assert {"2", "Ida", "Bo", "X7Q", "done"} <= set(text)
    assert "function_call" not in text


def test_a_part_may_be_spelled_in_both_ways() -> None:
    found = part({"functionResponse": {"name": "a"}})
    assert found == part({"function_response": {"name": "a"}})
    assert found == Other({"type": "function_response", "functionResponse": {"name": "a"}})


def test_a_last_message_without_an_answer_is_answered_by_nothing(tmp_path: Path) -> None:
    [talk] = read(file(tmp_path, {"messages": [*HELLO, {"role": "user", "parts": [{"text": "no, thanks"}]}]}))
    assert [message.text for message in talk.messages] == ["hello", "hi", "no, thanks", NOTED]


def test_an_interrupted_conversation_has_one_turn_more(tmp_path: Path) -> None:
    [talk] = read(file(tmp_path, {"messages": HELLO}))
    longer = interrupted(talk)
    assert [message.text for message in longer.messages[2:]] == [INTERRUPTED, NOTED]
    assert [message.seq for message in longer.messages] == [1, 2, 3, 4]
    assert not talk.control, "nobody said that it leaves no task open"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("no JSON", "JSON"),
        ({"id": "b"}, "messages"),
        ({"messages": []}, "no messages"),
        ({"messages": [HELLO[1]]}, "message 0 is the model's"),
        ({"messages": [*HELLO, HELLO[1]]}, "message 2 is the model's"),
        ({"messages": [{"role": "user", "parts": []}]}, "message 0 has no parts"),
        ({"messages": [{"role": "user", "parts": [{}]}]}, "an empty part"),
        ({"messages": HELLO, "facts": [{"text": "hello"}]}, "kind"),
        ({"messages": HELLO, "facts": [{"kind": "name", "text": "hi", "msg": 2}]}, "message 2"),
        ({"messages": HELLO, "facts": [{"kind": "name", "text": "hi", "msg": -1}]}, "message -1"),
        ({"messages": HELLO, "facts": [{"kind": "name", "text": 7, "msg": 1}]}, "facts"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, broken: Any, why: str) -> None:
    path = file(tmp_path, {"messages": HELLO}, "", broken)
    with pytest.raises(PermanentError, match=r"conversations\.jsonl, line 3: .*a line looks like") as raised:
        read(path)
    assert why in raised.value.message


def test_a_file_without_conversations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="holds no conversation"):
        read(file(tmp_path, " "))
