"""`backscroll eval` plays conversations into a store of its own and says what their context still holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stack.command import Done, call, run
from tests.stack.offline import OfflineModel
from tests.stack.processes import ROOT, free_port

SHARED = ROOT.parent / "shared" / "data"
FILLER = "We went on for a while about the harbour, the ferries and the price of herring in the old town."
TURNS = 12


def evaluate(*arguments: str | Path, way: Callable[..., Done] = call, **env: str) -> Done:
    return way("eval", *map(str, arguments), env=env)


def report(*arguments: str | Path, exit_code: int = 0, **env: str) -> dict[str, Any]:
    done = evaluate(*arguments, "--json", **env)
    assert done.code == exit_code, done.stderr + done.stdout
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def said(role: str, *parts: str | dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def ferry(turn: int) -> str:
    return f"FERRY-{turn:03}"


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """One conversation of codes and one of calls; each code stands in one message only."""
    codes = [
        message
        for turn in range(TURNS)
        for message in (
            said("user", f"{FILLER} Mine was {ferry(turn)}, and it was late. {FILLER}"),
            said("model", f"I see. {FILLER} That must have been tiresome, I am sorry to hear it."),
        )
    ]
    facts = [
        {"kind": "number", "text": ferry(turn), "msg": 2 * turn, "key": turn % 2 == 0}
        for turn in range(TURNS)
    ]
    tides = {"name": "tides", "args": {"port": "Molde"}}
    calls = [
        said("user", f"When is the tide in Molde? {FILLER}"),
        said("model", {"function_call": tides}),
        said("user", {"function_response": {"name": "tides", "response": {"high": "04:12", "note": FILLER}}}),
        said("model", "At 04:12."),
        said("user", f"Shall I take the boat {ferry(1)} then? {FILLER}"),
        said("model", f"{FILLER} Shall I book the boat {ferry(1)} for 2 persons?"),
        said("user", "thanks, and goodbye"),
    ]
    task = {
        "kind": "task",
        "text": "book",
        "msg": 5,
        "key": True,
        "status": "open",
        "slots": {"boat": ferry(1)},
    }
    lines = [
        {"id": "codes", "messages": codes, "facts": facts, "open_tasks": 0},
        {"id": "calls", "messages": calls, "facts": [task], "open_tasks": 1},
    ]
    path = tmp_path / "talks.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return path


def test_what_is_held_is_told_for_each_number_of_compactions(talks: Path) -> None:
    [file] = report(talks, "--compactions", "1,4", "--turns", str(TURNS))["files"]

    assert (file["conversations"], file["turns"], file["unevaluated"]) == (2, TURNS + 3, {})
    assert list(file["compacted"]) == ["1", "4"]
    assert [file["compacted"][wanted]["compactions"] for wanted in ("1", "4")] == [1, 3], "4 and 2, at most"
    for kept in file["compacted"].values():
        assert kept["covered"] == {"held": 2 * (TURNS - 1) + 6, "of": 2 * (TURNS - 1) + 6}
        numbers = kept["facts"]["every"]["number"]
        assert numbers["of"] == TURNS - 1, "the newest turn is not covered"
        assert kept["facts"]["key"]["number"]["of"] == TURNS // 2
        assert 0 < numbers["held"] <= numbers["of"]
        assert kept["tasks"]["found"]["of"] == kept["tasks"]["controls"] == 1
        assert 0 < kept["notes_tokens"] < kept["covered_tokens"]
        assert kept["notes_share"] == kept["notes_tokens"] / kept["covered_tokens"]
        assert (kept["refused"], kept["over_budget"]) == ({}, 0)
        assert kept["summaries"] >= 1
        assert kept["summary_calls"] >= kept["compactions"]
    [codes, calls] = file["each"]
    lost = codes["compacted"]["1"]["lost"]
    key = file["compacted"]["1"]["facts"]["key"]["number"]
    assert len(lost) == key["of"] - key["held"]
    assert calls["messages"] == 8, "the last message has got an answer"


def test_the_ways_are_compared_over_the_same_turns(talks: Path) -> None:
    [file] = report(
        talks, "--compactions", "1", "--window", "2,3", "--window", "auto", "--turns", str(TURNS)
    )["files"]

    ways = file["ways"]
    assert list(ways) == ["2,3", "auto", "article", "window_only", "everything"]
    assert {way["prompts"]["prompts"] for way in ways.values()} == {TURNS + 4}
    everything = ways["everything"]
    assert everything["in_context"]["every"]["number"] == {"held": TURNS, "of": TURNS}
    assert ways["window_only"]["in_context"]["every"]["number"]["held"] == 10
    assert ways["2,3"]["compactions"] == (TURNS - 2) // 2
    assert ways["2,3"]["in_notes"]["every"]["number"]["of"] == TURNS - 2
    assert ways["2,3"]["prompts"]["tokens"] < everything["prompts"]["tokens"]
    for way in ways.values():
        assert 0 < way["stable_share"] < 1
        assert way["billed"] < way["prompts"]["tokens"]
    assert file["cut_conversations"] == 1
    assert file["cut"]["everything"]["prompts"]["prompts"] == TURNS


def test_people_get_tables(talks: Path) -> None:
    done = evaluate(talks, "--compactions", "1,2", "--turns", str(TURNS), way=run)
    assert done.code == 0, done.stderr
    assert done.stderr == "", "a progress bar is for terminals"
    for words in (
        "the offline model",
        "key facts",
        "false open tasks",
        "article",
        "stable prefix",
        "first 12",
    ):
        assert words in done.stdout


def test_the_configured_summary_model_is_asked_and_what_it_breaks_is_told(
    talks: Path, model: OfflineModel
) -> None:
    model.fault("safety", match="Molde", count=0)
    env = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": model.url, "BACKSCROLL_SUMMARY_MODEL": "cheap"}
    found = report(talks, "--compactions", "1", "--window", "2,3", exit_code=1, **env)
    assert found["model"] == "cheap"
    [file] = found["files"]
    assert list(file["unevaluated"]) == ["calls"]
    assert file["unevaluated"]["calls"].startswith("blocked")
    assert file["compacted"]["1"]["facts"]["every"]["number"]["of"] == TURNS - 1
    asked = {request["model"] for request in model.requests(containing=FILLER)}
    assert asked == {"cheap"}, "no reply model is asked"


def test_a_summary_that_is_refused_leaves_its_messages_uncovered(talks: Path, model: OfflineModel) -> None:
    model.fault("text", text="None", count=0)
    env = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": model.url}
    [file] = report(talks, "--compactions", "2", "--window", "2,3", **env)["files"]
    kept = file["compacted"]["2"]
    assert (kept["compactions"], kept["covered"]["held"]) == (0, 0)
    assert sum(kept["refused"].values()) > 0
    assert kept["facts"]["every"]["number"] == {"held": 0, "of": 0}
    assert kept["tasks"]["live"] == 1


def test_a_model_that_cannot_be_reached_ends_the_evaluation(talks: Path) -> None:
    env = {
        "GEMINI_API_KEY": "k",
        "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{free_port()}",
        "BACKSCROLL_SUMMARY_DEADLINE": "0.5",
    }
    done = evaluate(talks, "--compactions", "1", **env)
    assert done.code == 1
    assert "no connection to the model" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--compactions", "0"], "no list of numbers"),
        (["--compactions", "1,x"], "no list of numbers"),
        (["--window", "10"], "neither auto nor two numbers"),
        (["--window", "14,10"], "the larger one last"),
        (["--redis-url", "localhost"], "no URL like redis://"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(talks: Path, options: list[str], why: str) -> None:
    done = evaluate(talks, *options)
    assert done.code == 2
    assert why in done.stderr


@pytest.mark.skipif(not SHARED.exists(), reason=f"there are no conversations at {SHARED}")
def test_real_conversations_with_tools_are_measured(tmp_path: Path) -> None:
    lines = (SHARED / "tools_dev.jsonl").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "two.jsonl"
    path.write_text("\n".join(lines[:2]), encoding="utf-8")
    [file] = report(path, "--compactions", "3", "--window", "10,14")["files"]
    kept = file["compacted"]["3"]
    assert kept["covered"]["held"] == kept["covered"]["of"] > 0
    assert kept["facts"]["key"]["number"]["of"] > 10
    assert kept["over_budget"] == 0
