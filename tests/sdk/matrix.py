"""Runs the tests beside it on several versions of the SDK: `python -m tests.sdk.matrix [VERSION …]`.

Each has an environment of its own under `.venv/sdk`, with everything else as it is locked; made once, and
anew where the lock or Python has changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-dev.lock"
# The first one that takes our transport, whatever it would have taken itself; and the last one that reads
# streams in its own way: docs/dependencies.md says what differs.
OLDEST, MIDDLE = "2.33.0", "3.3.0"
# What the adapter and its tests import.
NEEDED = ("httpx2", "msgspec", "tenacity", "hypothesis", "pytest", "pytest-timeout")


class IndexUnreachable(Exception):
    """The package index cannot be reached, and the cache does not hold what is needed."""


class Outcome(NamedTuple):
    """How the tests ended on one version."""

    version: str
    passed: bool
    output: str
    seconds: float

    @property
    def summary(self) -> str:
        """One line for people."""
        counts = re.findall(r"^=* ?(\d+ \w+.* in [\d.]+s.*?)=*$", self.output, re.MULTILINE)
        ended = counts[-1] if counts else "the tests did not run"
        return f"google-genai {self.version}: {ended}; {self.seconds:.1f} s in all"


def newest() -> str:
    """Give the version that is locked."""
    found = re.search(r"^google-genai==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def run(version: str) -> Outcome:
    """Run the tests on `version`.

    Raises:
        IndexUnreachable: when it cannot be had.
    """
    began = time.monotonic()
    python = _environment(version)
    folder = str(Path(__file__).parent)
    # Some versions are compiled with warnings of their own.
    command = [str(python), "-m", "pytest", "-q", "-W", "ignore::DeprecationWarning"]
    done = subprocess.run(
        [*command, "--confcutdir", folder, folder],
        cwd=ROOT,
        env=_clean(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(version, done.returncode == 0, done.stdout, time.monotonic() - began)


def _environment(version: str) -> Path:
    folder = ROOT / ".venv" / "sdk" / version
    python, stamp = folder / "bin" / "python", folder / "made-for"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    locked = re.findall(
        r"^(?!google-genai=)[\w.-]+==[^\\\n]+", LOCK.read_text(encoding="utf-8"), re.MULTILINE
    )
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(locked), encoding="utf-8")
    sdk = f"google-genai=={version}"
    _uv("pip", "install", "--quiet", "--python", str(python), "--constraint", str(constraints), sdk, *NEEDED)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _uv(*arguments: str) -> None:
    command = [str(Path(sys.executable).with_name("uv")), *arguments]
    done = subprocess.run(command, env=_clean(), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    if re.search("Failed to fetch|error sending request|network was disabled", done.stderr):
        raise IndexUnreachable(done.stderr.strip())
    raise RuntimeError(f"uv {arguments[0]}: {done.stderr.strip()}")


def _clean() -> dict[str, str]:
    """Give the environment without what was meant for the tests that run this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}


def main(versions: list[str]) -> int:
    """Run all of them, with a line for each; 0 where all passed."""
    failed = 0
    for version in versions or [OLDEST, MIDDLE, newest()]:
        outcome = run(version)
        if not outcome.passed:
            failed += 1
            print(outcome.output)  # noqa: T201  # a command of the Makefile
        print(outcome.summary, flush=True)  # noqa: T201
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
