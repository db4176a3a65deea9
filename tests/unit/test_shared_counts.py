"""The directory in which web processes count goes with its server, or with the next one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = (
    "import os; from web import shared_counts; "
    "shared_counts.begin(); print(os.environ[shared_counts.VARIABLE])"
)


def begun(tmp: Path, then: str = "") -> Path:
    """Have a server of its own process begin to count; unless it goes on to say otherwise, it is killed."""
    done = subprocess.run(
        [sys.executable, "-c", f"{BEGIN}; {then}"],
        env={**os.environ, "TMPDIR": str(tmp)},
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


def test_a_server_that_ends_leaves_nothing(tmp_path: Path) -> None:
    assert not begun(tmp_path, "shared_counts.end()").exists()


def test_what_a_killed_server_left_is_removed_and_what_a_living_one_uses_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = begun(tmp_path)
    assert left.exists()
    living = subprocess.Popen(
        [sys.executable, "-c", f"{BEGIN}; import sys; sys.stdout.flush(); input()"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert living.stdout is not None
    used = Path(living.stdout.readline().strip())
    assert not left.exists()
    begun(tmp_path, "shared_counts.end()")
    assert used.exists()
    living.communicate("\n")
