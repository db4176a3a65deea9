"""How a fault's recovery time is measured."""

from __future__ import annotations

import pytest

from tests.chaos.faults import Struck
from tests.chaos.recovery import Recovery, Wait, recoveries, usual

CALM = [Wait(0.0, 1.0), Wait(2.0, 3.0), Wait(4.0, 5.0)]
AWAY = Struck("restart_history", 10.0, 12.0)
KILLED = Struck("kill_reply", 10.0, 12.0)


def test_the_usual_wait_is_one_that_no_fault_touched() -> None:
    assert usual([*CALM, Wait(9.0, 16.0)], [AWAY]) == 1.0
    assert usual([Wait(9.0, 16.0)], [AWAY]) is None


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        (Wait(9.0, 16.0), 5.0),  # from the fault on
        (Wait(11.0, 16.0), 4.0),  # from the post on, which came later
        (Wait(9.5, 10.5), 0.0),  # no longer than usual
    ],
)
def test_recovery_is_what_a_wait_was_longer_than_usual(wait: Wait, seconds: float) -> None:
    (found,) = recoveries([*CALM, wait], [AWAY]).values()
    assert found == Recovery(faults=1, alone=1, p50=seconds, worst=seconds, worst_with_others=seconds)


def test_a_killed_worker_harms_what_was_in_work_and_not_what_came_later() -> None:
    waits = [*CALM, Wait(9.0, 13.0), Wait(11.0, 19.0)]
    assert recoveries(waits, [KILLED])["kill_reply"].worst == 2.0


def test_the_longest_wait_counts_and_the_median_is_over_the_faults() -> None:
    later = Struck("kill_reply", 30.0, 31.0)
    waits = [*CALM, Wait(10.0, 11.5), Wait(10.0, 13.0), Wait(30.0, 39.0)]
    found = recoveries(waits, [KILLED, later])["kill_reply"]
    assert (found.faults, found.alone, found.p50, found.worst) == (2, 2, 5.0, 8.0)


def test_a_fault_that_nobody_waited_under_is_not_measured() -> None:
    (found,) = recoveries(CALM, [KILLED]).values()
    assert found == Recovery(faults=1, alone=0, p50=None, worst=None, worst_with_others=None)


def test_a_wait_that_two_faults_touched_is_nobodys_own() -> None:
    web = Struck("kill_web", 11.0, 12.0)
    found = recoveries([*CALM, Wait(9.0, 16.0), Wait(10.5, 12.5)], [KILLED, web])
    assert {kind: each.worst_with_others for kind, each in found.items()} == {
        "kill_reply": 5.0,
        "kill_web": 4.0,
    }
    assert {kind: each.worst for kind, each in found.items()} == {"kill_reply": None, "kill_web": 0.5}
