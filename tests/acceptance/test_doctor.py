"""`backscroll doctor` looks at a deployment, and says what to do about each thing that is wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stack.processes import BIN, ROOT
from tests.stack.stack import Stack


def doctor(env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "backscroll"), "doctor", *options],
        env={"PATH": f"{BIN}:/usr/bin:/bin", **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return {found["check"]: found for found in json.loads(done.stdout)["findings"]}


def test_it_finds_what_is_there_and_who_is_missing(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    stack.worker("replies")
    done = doctor(stack.env, "--json")
    found = findings(done)
    assert done.returncode == 1
    assert json.loads(done.stdout)["healthy"] is False
    assert found["history version"]["said"].startswith("Valkey 9")
    assert found["history on disk"]["said"] == "append-only file, synced no"
    assert found["broker"]["level"] == "ok"
    assert found["workers of replies"]["said"].startswith("replies-")
    assert found["versions"]["level"] == "ok"
    assert found["model of replies, summaries"]["level"] == "ok"
    wrong = [name for name, finding in found.items() if finding["level"] == "error"]
    assert wrong == ["workers of compaction"]


def test_of_a_deployment_that_is_down_each_part_is_named_with_what_to_do(tmp_path: Path) -> None:
    nobody = {"REDIS_URL": f"unix://{tmp_path}/nobody.sock", "GEMINI_API_KEY": ""}
    done = doctor(nobody)
    assert done.returncode == 1
    assert done.stderr == ""
    for part in ("history store", "broker", "model"):
        assert f"\nwrong  {part} " in f"\n{done.stdout}"
    for variable in ("REDIS_URL", "BROKER_URL", "GEMINI_API_KEY"):
        assert variable in done.stdout


def test_a_wrong_setting_is_told_in_one_line() -> None:
    done = doctor({"BACKSCROLL_RECENT_TURNS": "none"})
    assert done.returncode == 1
    assert done.stderr.startswith("Error: BACKSCROLL_RECENT_TURNS: ")
    assert len(done.stderr.splitlines()) == 1
