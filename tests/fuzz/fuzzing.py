"""One run of schemathesis against a running web process, with all of its checks."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.stack.processes import BIN, ROOT

_CASES = re.compile(r"(\d+) generated")


class Fuzzed(NamedTuple):
    """How it went: how many cases were made up, whether all passed, and what schemathesis says of it."""

    cases: int
    passed: bool
    report: str


def fuzz(url: str, directory: Path, *, examples: int, seed: int, options: Sequence[str] = ()) -> Fuzzed:
    """Make up requests from the description that is served at `url`, and hold every answer against it.

    Args:
        url: of a web process.
        directory: where schemathesis may leave its files.
        examples: how many cases at most for each operation and phase.
        seed: the same seed makes up the same requests.
        options: more of schemathesis' own.
    """
    command = [
        *(str(BIN / "schemathesis"), "--config-file", str(Path(__file__).parent / "schemathesis.toml")),
        *("run", f"{url}/openapi.json", "--checks", "all", "--seed", str(seed)),
        *("--max-examples", str(examples), *options),
    ]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(directory), "COLUMNS": "120"}
    run = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, check=False)
    found = _CASES.search(run.stdout)
    return Fuzzed(int(found.group(1)) if found else 0, run.returncode == 0, run.stdout + run.stderr)
