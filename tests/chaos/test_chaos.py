"""A short chaos run as a test; `make chaos` runs it for longer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.chaos.__main__ import main
from tests.chaos.run import Order, Watch, run

SECONDS = float(os.environ.get("CHAOS_SECONDS", "12"))


def nothing() -> None:
    pass


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 240)
def test_whatever_is_killed_nothing_is_lost_doubled_or_reordered(tmp_path: Path) -> None:
    order = Order(seed=1, seconds=SECONDS, sessions=30)
    report = run(tmp_path, order, Watch(fault=nothing, turn=nothing, checked=nothing))
    assert report.breaches == ()
    assert report.turns > 30
    assert sum(each.faults for each in report.recovery.values()) == len(report.schedule)


def test_the_command_teaches() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    for word in ("kill_reply", "--seed", "make chaos", "exit code"):
        assert word in said
