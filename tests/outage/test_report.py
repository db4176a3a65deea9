"""What an outage adds, counted from what clients were told."""

from __future__ import annotations

from tests.chaos.told import Told
from tests.outage.client import Answer
from tests.outage.outages import Outage
from tests.outage.report import felt


def told(posted: float, seconds: float, *, degraded: bool = False, step: int = 2) -> Told:
    reply = Answer(id="r", status="completed", degraded=degraded)
    return Told(step=step, said="said", reply=reply, posted=posted, ended=posted + seconds)


def test_turns_are_told_apart_by_whether_an_outage_caught_them_or_they_were_asked_in_it() -> None:
    heard = [
        told(0, 9, step=1),
        *(told(10 + number, 0.5) for number in range(5)),
        told(19.5, 6),
        told(21, 0.7, degraded=True),
        told(22, 0.9, degraded=True),
        told(26, 0.5),
    ]
    p50, p99, found = felt(heard, [Outage("history_killed", 20, 25)])
    assert (p50, p99) == (0.5, 0.5)
    killed = found["history_killed"]
    assert (killed.asked, killed.degraded, killed.p50) == (2, 2, 0.3)
    assert (killed.caught, killed.caught_p50) == (1, 5.5)


def test_an_outage_that_nobody_met_has_no_figures() -> None:
    _, _, found = felt([told(0, 1)], [Outage("broker_killed", 20, 25)])
    assert found["broker_killed"].p50 is None
    assert found["broker_killed"].asked == 0
