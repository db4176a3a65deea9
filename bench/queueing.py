"""Turns that wait for a thread, as a simulation of events: for deployments larger than one machine.

What it knows of Backscroll: a session has one turn in work at a time and the others in its inbox; bells
go to any worker that has a thread free; a turn holds its thread while the model answers; a worker's Python
runs on one core at a time, and so does each node of Redis. Failures, network and garbage are not in it.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import exp, log
from statistics import NormalDist
from typing import NamedTuple


class Arrival(NamedTuple):
    """A message: when it comes, in seconds, and the number of its session."""

    at: float
    session: int


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What answers. Costs are seconds of one core a turn, as docs/scaling.md has measured them."""

    workers: int
    threads: int
    redis_nodes: int = 1
    worker_cost: float = 0.0
    redis_cost: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """Seconds that each turn waited until it was in work; shares of time, until the last came, at work."""

    waits: list[float]
    threads_busy: float
    workers_busy: float
    redis_busy: float


def poisson(sessions: int, rate: float, seconds: float, rng: random.Random) -> Iterator[Arrival]:
    """Give messages that come independently of each other, `rate` a second, from any of the sessions."""
    at = rng.expovariate(rate)
    while at < seconds:
        yield Arrival(at, rng.randrange(sessions))
        at += rng.expovariate(rate)


def lognormal(median: float, p99: float, rng: random.Random) -> Callable[[], float]:
    """Give times of a model by its median and 99th percentile, in seconds; equal ones: always the same."""
    if median == p99:
        return lambda: median
    sigma = log(p99 / median) / NormalDist().inv_cdf(0.99)
    return lambda: median * exp(rng.gauss(0, sigma))


def simulate(
    arrivals: Sequence[Arrival], model: Callable[[], float], deployment: Deployment, rng: random.Random
) -> Outcome:
    """Let a deployment answer messages, which come in order of time.

    Args:
        arrivals: the messages.
        model: gives the seconds that the model takes for one turn.
        deployment: what answers.
        rng: says which of the workers with a free thread hears a bell.
    """
    return _Run(deployment, model, rng).all(arrivals)


class _Run:
    def __init__(self, deployment: Deployment, model: Callable[[], float], rng: random.Random) -> None:
        self._deployment, self._model, self._rng = deployment, model, rng
        # Threads that are free, in any order: a bell is heard by any of them.
        self._free = [n % deployment.workers for n in range(deployment.workers * deployment.threads)]
        self._rung: deque[int] = deque()
        self._inbox: dict[int, deque[float]] = defaultdict(deque)
        self._ends: list[tuple[float, int, int]] = []
        self._core_free = [0.0] * deployment.workers
        self._redis_free = [0.0] * deployment.redis_nodes
        self._waits: list[float] = []
        self._until = 0.0
        self._held = self._computed = self._asked = 0.0

    def all(self, arrivals: Sequence[Arrival]) -> Outcome:
        coming, self._until = deque(arrivals), arrivals[-1].at
        while coming or self._ends:
            if coming and (not self._ends or coming[0].at <= self._ends[0][0]):
                now, session = coming.popleft()
                self._inbox[session].append(now)
                if len(self._inbox[session]) == 1:  # else whoever holds it takes this up, too
                    self._rung.append(session)
            else:
                now, worker, session = heappop(self._ends)
                self._inbox[session].popleft()
                if self._inbox[session]:
                    self._begin(now, worker, session)
                else:
                    del self._inbox[session]
                    self._free.append(worker)
            while self._rung and self._free:
                self._begin(now, self._any_worker(), self._rung.popleft())
        over = max(self._until, 1e-9)
        threads = self._deployment.workers * self._deployment.threads
        return Outcome(
            self._waits,
            self._held / over / threads,
            self._computed / over / self._deployment.workers,
            self._asked / over / self._deployment.redis_nodes,
        )

    def _any_worker(self) -> int:
        chosen = self._rng.randrange(len(self._free))
        self._free[chosen], self._free[-1] = self._free[-1], self._free[chosen]
        return self._free.pop()

    def _begin(self, now: float, worker: int, session: int) -> None:
        """Take a session's next turn up: Redis, the worker's core, then the model."""
        node = session % len(self._redis_free)
        claimed = max(now, self._redis_free[node]) + self._deployment.redis_cost
        self._redis_free[node] = claimed
        prepared = max(claimed, self._core_free[worker]) + self._deployment.worker_cost
        self._core_free[worker] = prepared
        ended = prepared + self._model()
        self._waits.append(claimed - self._inbox[session][0])
        self._held += self._within(now, ended)
        self._computed += self._within(prepared - self._deployment.worker_cost, prepared)
        self._asked += self._within(claimed - self._deployment.redis_cost, claimed)
        heappush(self._ends, (ended, worker, session))

    def _within(self, began: float, ended: float) -> float:
        """Give the seconds of a span until the last message came: what runs out behind it is no load."""
        return max(0.0, min(ended, self._until) - began)
