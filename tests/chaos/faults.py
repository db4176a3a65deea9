"""The faults: how each of them is done to the deployment, and undone."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

import msgspec
import redis as redis_py

from tests.chaos.deployment import Deployment, Place
from tests.chaos.schedule import Kind, Planned

# Orders at the model that nobody has met by then no longer count as a fault that goes on.
_ORDERS_SECONDS = 5.0
_POLL = 0.1


class Struck(msgspec.Struct, frozen=True):
    """A fault that was: from when to when (monotonic seconds), `over` when what was met is up again."""

    kind: Kind
    begun: float
    over: float


def strike(deployment: Deployment, planned: Planned) -> Struck:
    """Do a fault, and return when what it met is up again.

    Raises:
        AssertionError: when a process had ended by itself, does not start, or does not stop.
        PermanentError: when a Redis does not start.
        TransientError: when a Redis does not serve.
    """
    lock, how = _prepared(deployment, planned)
    with lock:
        begun = time.monotonic()
        how()
    return Struck(planned.kind, begun, time.monotonic())


def _prepared(deployment: Deployment, planned: Planned) -> tuple[threading.Lock, Callable[[], None]]:
    def at(queue: str, how: Callable[[Place, float], None]) -> tuple[threading.Lock, Callable[[], None]]:
        place = deployment.places[queue][planned.target]
        return place.lock, lambda: how(place, planned.seconds)

    match planned.kind:
        case "kill_reply":
            return at("replies", _kill)
        case "pause_reply":
            return at("replies", _pause)
        case "stop_reply":
            return at("replies", _stop)
        case "kill_compaction":
            return at("compaction", _kill)
        case "kill_web":
            return at("web", _kill)
        case "restart_history":
            return deployment.locks["history"], lambda: _restart_history(deployment, planned.seconds)
        case "flush_broker":
            return deployment.locks["broker"], lambda: _flush_broker(deployment)
        case "pause_broker":
            return deployment.locks["broker"], lambda: _pause_broker(deployment, planned.seconds)
        case _:
            return threading.Lock(), lambda: _order(deployment, planned)


def _kill(place: Place, pause: float) -> None:
    _alive(place)
    place.process.kill()
    time.sleep(pause)
    place.refill()


def _pause(place: Place, seconds: float) -> None:
    _alive(place)
    place.process.signal(signal.SIGSTOP)
    time.sleep(seconds)
    place.process.signal(signal.SIGCONT)


def _stop(place: Place, pause: float) -> None:
    _alive(place)
    stopped = place.process
    stopped.terminate()
    in_time = stopped.ended()
    time.sleep(pause)
    place.refill()
    assert in_time, f"{stopped.name} did not stop when it was told to"


def _alive(place: Place) -> None:
    """Refill a place whose process had ended by itself, and complain."""
    ended = place.process
    if not ended.running:
        place.refill()
        raise AssertionError(f"{ended.name} had ended by itself, with {ended.exit_code}")


def _restart_history(deployment: Deployment, pause: float) -> None:
    deployment.history.kill()
    time.sleep(pause)
    deployment.history.restart()


def _flush_broker(deployment: Deployment) -> None:
    url = deployment.broker.url.replace("db=0", "db=1")
    with redis_py.Redis.from_url(url) as client:
        client.flushdb()


def _pause_broker(deployment: Deployment, seconds: float) -> None:
    process = deployment.broker.process
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


def _order(deployment: Deployment, planned: Planned) -> None:
    deployment.model.fault(**planned.order)
    deadline = time.monotonic() + _ORDERS_SECONDS
    while deployment.model.orders() and time.monotonic() < deadline:
        time.sleep(_POLL)
