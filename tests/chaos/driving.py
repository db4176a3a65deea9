"""The driver: does what the schedule says, when it says so, whether or not the last fault is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from backscroll.errors import BackscrollError
from tests.chaos.deployment import Deployment
from tests.chaos.faults import Struck, strike
from tests.chaos.schedule import Planned
from tests.chaos.told import Breach


def drive(
    deployment: Deployment, schedule: Sequence[Planned], done: Callable[[], None]
) -> tuple[list[Struck], list[Breach]]:
    """Do all faults of the schedule; return when everything is up again.

    Args:
        deployment: what is broken.
        schedule: the faults; their times count from now.
        done: called after each of them.

    Returns:
        The faults that were, and what went wrong in starting and stopping processes.
    """
    begun = time.monotonic()
    struck: list[Struck] = []
    breaches: list[Breach] = []

    def one(planned: Planned) -> None:
        try:
            struck.append(strike(deployment, planned))
        except (AssertionError, BackscrollError) as error:
            breaches.append(Breach("deployment", f"{planned.kind} at {planned.at} s", str(error)))
        done()

    with ThreadPoolExecutor(max(1, len(schedule))) as hands:
        started = []
        for planned in schedule:
            time.sleep(max(0.0, begun + planned.at - time.monotonic()))
            started.append(hands.submit(one, planned))
    for each in started:
        each.result()
    return struck, breaches
