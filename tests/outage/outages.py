"""The outages: how each is done to a deployment, and undone."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import msgspec

from backscroll.running.embedded_redis import EmbeddedRedis
from tests.chaos.deployment import Deployment

Kind = Literal["history_killed", "history_stopped", "broker_killed", "broker_stopped", "both_killed"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Outage(msgspec.Struct, frozen=True):
    """An outage that was: from when to when, in monotonic seconds."""

    kind: Kind
    begun: float
    over: float


def outages(
    deployment: Deployment, kinds: tuple[Kind, ...], seconds: float, calm: float, done: Callable[[], None]
) -> list[Outage]:
    """Have one outage after the other, `seconds` each; `calm` seconds before each and behind the last."""
    found = []
    time.sleep(calm)
    for kind in kinds:
        begun = time.monotonic()
        with _away(deployment, kind):
            time.sleep(seconds)
        found.append(Outage(kind, begun, time.monotonic()))
        done()
        time.sleep(calm)
    return found


@contextmanager
def _away(deployment: Deployment, kind: Kind) -> Iterator[None]:
    what, _, how = kind.partition("_")
    servers = [deployment.history] if what != "broker" else []
    servers += [deployment.broker] if what != "history" else []
    take, give_back = (_kill, EmbeddedRedis.restart) if how == "killed" else (_stop, _go_on)
    for server in servers:
        take(server)
    try:
        yield
    finally:
        for server in servers:
            give_back(server)


def _kill(server: EmbeddedRedis) -> None:
    server.kill()


def _stop(server: EmbeddedRedis) -> None:
    server.process.send_signal(signal.SIGSTOP)


def _go_on(server: EmbeddedRedis) -> None:
    server.process.send_signal(signal.SIGCONT)
