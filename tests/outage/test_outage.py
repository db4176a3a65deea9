"""A short run as a test; `python -m tests.outage` runs it for longer, and with every outage."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.outage.__main__ import main
from tests.outage.run import Order, Watch, run


def nothing() -> None:
    pass


@pytest.mark.long
@pytest.mark.timeout(240)
def test_twenty_clients_talk_on_and_everything_that_was_answered_is_kept(tmp_path: Path) -> None:
    order = Order(clients=20, seconds=3, calm=3, kinds=("history_killed", "history_stopped"))
    report = run(tmp_path, order, Watch(outage=nothing, turn=nothing))
    assert report.breaches == ()
    assert report.ended_by_themselves == ()
    assert report.degraded >= 5
    assert report.spooled == report.degraded == report.merged + report.answered_by_worker
    assert set(report.outages) == set(order.kinds)


def test_the_command_teaches() -> None:
    said = CliRunner().invoke(main, ["--help"]).output
    for word in ("history_stopped", "--clients", "Retry-After", "exit code"):
        assert word in said
