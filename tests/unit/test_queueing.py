"""The simulation of bench/queueing.py against what queueing theory knows, and against its own rules."""

from __future__ import annotations

import random
from itertools import pairwise
from math import factorial
from statistics import mean

import pytest

from bench.queueing import Arrival, Deployment, lognormal, poisson, simulate


def erlang_c(servers: int, load: float) -> float:
    """Give the share of customers that wait in a queue of exponential times, by its textbook formula."""
    waiting = load**servers / factorial(servers) * servers / (servers - load)
    return waiting / (sum(load**n / factorial(n) for n in range(servers)) + waiting)


@pytest.mark.parametrize(("workers", "threads", "rate"), [(1, 8, 6.0), (4, 2, 7.0)])
def test_waits_are_those_of_the_textbook(workers: int, threads: int, rate: float) -> None:
    rng = random.Random(3)
    servers = workers * threads
    arrivals = list(poisson(1_000_000, rate, 20_000, rng))  # so many sessions that none waits for itself
    found = simulate(arrivals, lambda: rng.expovariate(1), Deployment(workers=workers, threads=threads), rng)
    expected = erlang_c(servers, rate)
    assert sum(wait > 0 for wait in found.waits) / len(found.waits) == pytest.approx(expected, rel=0.1)
    assert mean(found.waits) == pytest.approx(expected / (servers - rate), rel=0.2)
    assert found.threads_busy == pytest.approx(rate / servers, rel=0.05)


def test_turns_of_one_session_wait_for_each_other_and_for_nobody_else() -> None:
    arrivals = [Arrival(0, 1), Arrival(0, 1), Arrival(0, 1), Arrival(0.5, 2)]
    found = simulate(arrivals, lambda: 1.0, Deployment(workers=1, threads=4), random.Random(1))
    assert sorted(found.waits) == [0, 0, 1, 2]


def test_a_workers_core_is_what_limits_many_threads() -> None:
    arrivals = [*(Arrival(0, session) for session in range(100)), Arrival(10, 100)]
    made = Deployment(workers=1, threads=10, worker_cost=0.1)
    found = simulate(arrivals, lambda: 0.0, made, random.Random(1))
    assert max(found.waits) == pytest.approx(9.0, abs=0.2)  # 100 turns at a tenth of a second, ten at a time
    assert found.workers_busy == pytest.approx(1.0)


def test_a_node_of_redis_serves_one_after_the_other() -> None:
    arrivals = [Arrival(0, session) for session in range(100)]
    for nodes in (1, 2):
        made = Deployment(workers=10, threads=10, redis_nodes=nodes, redis_cost=0.01)
        found = simulate(arrivals, lambda: 1.0, made, random.Random(1))
        assert max(found.waits) == pytest.approx(1.0 / nodes)


def test_times_of_a_model_have_the_median_and_the_tail_that_were_asked_for() -> None:
    draw = lognormal(3.0, 20.0, random.Random(1))
    drawn = sorted(draw() for _ in range(50_000))
    assert drawn[25_000] == pytest.approx(3.0, rel=0.03)
    assert drawn[49_500] == pytest.approx(20.0, rel=0.06)
    assert lognormal(2.0, 2.0, random.Random(1))() == 2.0


def test_messages_come_in_order_at_the_rate_that_was_asked_for() -> None:
    arrivals = list(poisson(10, 100.0, 100.0, random.Random(1)))
    assert len(arrivals) == pytest.approx(10_000, rel=0.05)
    assert all(first.at <= second.at for first, second in pairwise(arrivals))
    assert {each.session for each in arrivals} == set(range(10))
