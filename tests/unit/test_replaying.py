"""The player of conversations, taken apart: what it reads, what it finds, how it counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backscroll.client import Message
from backscroll.errors import PermanentError
from backscroll.replaying import conversations
from backscroll.replaying.checking import Findings, check
from backscroll.replaying.conversations import Conversation
from backscroll.replaying.held import Held
from backscroll.replaying.report import Played, summarise, times
from backscroll.replaying.told import Told
from backscroll.session import Session

# What there is to read


def line(*texts: str, **more: Any) -> str:
    return json.dumps({"messages": [{"role": "user", "parts": [{"text": text}]} for text in texts], **more})


def file(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "conversations.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_only_what_the_user_says_is_played(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "parts": [{"text": "book it"}, {"text": "for two"}]},
        {"role": "model", "parts": [{"function_call": {"name": "book", "args": {}}}]},
        {"role": "user", "parts": [{"function_response": {"name": "book", "response": {}}}]},
        {"role": "model", "parts": [{"text": "done"}]},
        {"role": "user", "parts": [{"text": " \n"}]},
        {"role": "user", "parts": [{"text": "thanks"}, {"function_response": {}}]},
    ]
    path = file(tmp_path, json.dumps({"id": "a", "facts": [], "messages": messages}))
    assert conversations.read(path) == [Conversation("a", ("book it\nfor two", "thanks"))]


def test_empty_lines_are_passed_over_and_a_line_may_have_no_id(tmp_path: Path) -> None:
    path = file(tmp_path, "", line("one"), " ", line("two", id=7), "")
    assert [each.id for each in conversations.read(path)] == ["line-2", "7"]


@pytest.mark.parametrize(
    "broken",
    [
        "no JSON",
        '{"id": "b"',
        "[]",
        '{"id": "b"}',
        '{"messages": [{"role": "robot", "parts": []}]}',
        '{"messages": [{"role": "user", "parts": "hello"}]}',
        '{"messages": []}',
        line("  "),
        '{"messages": "\udcff"}',
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    path = file(tmp_path, line("one"))
    path.write_bytes(path.read_bytes() + b"\n\n" + broken.encode(errors="surrogateescape"))
    with pytest.raises(PermanentError, match=r"conversations\.jsonl, line 3: .*a line looks like"):
        conversations.read(path)


def test_what_is_not_played_is_not_read(tmp_path: Path) -> None:
    path = file(tmp_path, line("one"), "no JSON")
    assert len(conversations.read(path, 1)) == 1


def test_a_file_without_conversations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="holds no conversation"):
        conversations.read(file(tmp_path, ""))


def test_sessions_beyond_the_last_line_begin_anew_under_names_of_their_own() -> None:
    scripts = conversations.scripts([Conversation("a/b", ("1",)), Conversation("ü" * 300, ("2",))], 5, "run")
    assert [script.texts for script in scripts] == [("1",), ("2",), ("1",), ("2",), ("1",)]
    names = [script.session for script in scripts]
    assert len(set(names)) == 5
    assert names[0] == "run-1-a_b"
    for name in names:
        Session("default", name)


# What is found


def transcript(*turns: tuple[str, str]) -> tuple[Message, ...]:
    texts = [text for turn in turns for text in turn]
    return tuple(
        Message(seq=seq, role="model" if seq % 2 == 0 else "user", text=text)
        for seq, text in enumerate(texts, 1)
    )


def kept(*turns: tuple[str, str]) -> tuple[Told, ...]:
    return tuple(Told(said=said, end="kept", text=text) for said, text in turns)


A, B, C = ("a", "A"), ("b", "B"), ("c", "C")


@pytest.mark.parametrize(
    ("told", "there", "findings"),
    [
        ((), (), Findings()),
        ((A, B, A), (A, B, A), Findings()),
        ((A, B, C), (A, C), Findings(missing=1)),
        ((A, B, C), (), Findings(missing=3)),
        ((A, B, A), (A, B), Findings(missing=1)),
        ((A, B), (A, A, B), Findings(doubled=1)),
        ((A, B), (A, B, A, B), Findings(doubled=2)),
        ((B, A), (A, B, A), Findings(doubled=1)),
        ((A, B, C), (A, C, B), Findings(reordered=1)),
        ((A, B, C), (C, B, A), Findings(reordered=2)),
        ((A, B), (A, C, B), Findings(unexpected=1)),
        ((A, B), (A, ("b", "other words")), Findings(missing=1, unexpected=1)),
        ((A, B, C), (C, A, A), Findings(missing=1, doubled=1, reordered=1)),
    ],
)
def test_every_reply_must_be_there_once_and_in_order(
    told: tuple[tuple[str, str], ...], there: tuple[tuple[str, str], ...], findings: Findings
) -> None:
    assert check(kept(*told), transcript(*there)) == findings


@pytest.mark.parametrize("end", ["failed", "refused"])
def test_a_failed_turn_must_not_be_in_the_transcript(end: Any) -> None:
    told = (*kept(A), Told(said="b", end=end, code="blocked"), *kept(C))
    assert check(told, transcript(A, C)) == Findings()
    assert check(told, transcript(A, B, C)) == Findings(unexpected=1)


def test_a_turn_that_did_not_end_may_be_there_once() -> None:
    told = (*kept(A, B), Told(said="b", end="unended"))
    assert check(told, transcript(A, B)) == Findings()
    assert check(told, transcript(A, B, ("b", "another B"))) == Findings()
    assert check(told, transcript(A, B, B, B)) == Findings(doubled=1)
    assert check(told, transcript(A)) == Findings(missing=1)


def test_a_model_message_that_was_written_twice_is_doubled() -> None:
    user, model = transcript(A)
    again = msgspec.structs.replace(model, seq=3)
    assert check(kept(A), (user, model, again)) == Findings(doubled=1, roles=1)


def test_a_user_message_without_its_answer_is_found() -> None:
    user, model = transcript(A)
    after = Message(seq=3, role="user", text="b")
    assert check(kept(A), (user, model, after)) == Findings(unexpected=1)
    before = (msgspec.structs.replace(user, seq=2), msgspec.structs.replace(model, seq=3))
    assert check(kept(A), (Message(seq=1, role="user", text="b"), *before)) == Findings(unexpected=1, roles=1)


def test_seqs_begin_at_one_and_have_no_gaps() -> None:
    moved = tuple(msgspec.structs.replace(each, seq=each.seq + 2) for each in transcript(A, B))
    assert check(kept(A, B), moved) == Findings(gaps=1)
    doubled = tuple(msgspec.structs.replace(each, seq=1) for each in transcript(A))
    assert check(kept(A), doubled) == Findings(gaps=1)


# How it is counted


def test_percentiles_are_values_that_were_met() -> None:
    found = times(float(ms) for ms in range(200, 0, -1))
    assert (found.p50, found.p95, found.p99) == (100.0, 190.0, 198.0)
    assert times([7.04, None]).p99 == 7.0
    assert times([None]).p50 is None


def test_a_report_adds_up_all_sessions_and_names_those_that_are_broken() -> None:
    parts = ({"type": "text", "text": "twelve bytes"},)
    said = Message(seq=1, role="user", text="twelve bytes", parts=parts)
    good = Told(said="a", end="kept", accept_ms=1.0, reply_ms=10.0, prompt_tokens=40)
    failed = Told(said="b", end="failed", code="blocked", accept_ms=3.0, reply_ms=900.0)
    refused = Told(said="c", end="refused", code="too_large")
    unended = Told(said="d", end="unended", code="no_end", accept_ms=2.0)
    here = Held(transcript=(said, said), context_tokens=5, chapters=1, compactions=2)
    report = summarise(
        "run",
        [
            Played("fine", (good, failed, refused, failed), here, Findings()),
            Played("worse", (good, unended), here, Findings(missing=1, gaps=2)),
        ],
        2.0,
    )
    assert (report.sessions, report.turns, report.turns_per_second) == (2, 6, 3.0)
    assert (report.reply_ms.p99, report.accept_ms.p50, report.accept_ms.p95) == (10.0, 2.0, 3.0)
    assert (report.compactions, report.chapters) == (4, 2)
    assert (report.context_tokens, report.transcript_tokens, report.largest_prompt_tokens) == (10, 12, 40)
    assert report.failures == {"blocked": 2, "too_large": 1}
    assert (report.missing, report.gaps, report.unended) == (1, 2, 1)
    assert report.broken == {"worse": "1 missing, 2 gaps, a reply did not end (no_end)"}
