"""The `backscroll` command as a shell runs it, and as this process can where only its words count."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from click.testing import CliRunner

from backscroll.cli import main
from tests.stack.processes import BIN, ROOT

NOTHING: Mapping[str, str] = {}


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    stdout: str
    stderr: str


def run(*arguments: str | bytes, said: bytes = b"", env: Mapping[str, str] = NOTHING) -> Done:
    """Run it in a process of its own, with `said` on its standard input."""
    done = subprocess.run(
        [str(BIN / "backscroll"), *arguments],
        env=_environ(env),
        cwd=ROOT,
        input=said,
        capture_output=True,
        timeout=110,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def call(*arguments: str, said: bytes = b"", env: Mapping[str, str] = NOTHING) -> Done:
    """Do the same in this process: a start takes a good part of a second, and `run` has proven it.

    What it does not catch is raised here.
    """
    alone = {**dict.fromkeys(os.environ), **_environ(env)}
    done = CliRunner().invoke(main, arguments, input=said, env=alone, catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


def _environ(env: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": f"{BIN}:/usr/bin:/bin", "LANG": "C.UTF-8", **env}
