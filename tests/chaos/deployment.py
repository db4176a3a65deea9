"""The deployment that a chaos run is about: all processes real, history and broker on a Redis of their own.

Two servers, so that a flush of the broker loses nothing but bells.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.chaos.size import COMPACTION_WORKERS, MODEL_OPTIONS, REPLY_WORKERS, SETTINGS, WEBS
from tests.stack.offline import OfflineModel
from tests.stack.processes import Process, free_port
from tests.stack.stack import Stack


class Place:
    """A place that a process fills. Who kills that process starts the next one; one at a time (`lock`)."""

    def __init__(self, name: str, start: Callable[[], Process]) -> None:
        self.name = name
        self.lock = threading.Lock()
        self._start = start
        self.process = start()

    def refill(self) -> None:
        """Start the next process here, and return when it is ready."""
        self.process = self._start()


@dataclass(frozen=True)
class Deployment:
    """Where everything is. A Redis is met by one fault at a time, too: `locks`."""

    history: EmbeddedRedis
    broker: EmbeddedRedis
    model: OfflineModel
    places: Mapping[str, Sequence[Place]]
    urls: tuple[str, ...]
    spool: Path
    locks: Mapping[str, threading.Lock]

    def down(self) -> list[str]:
        """Name the processes that do not run, and how they ended."""
        return [
            f"{place.name} ended with {place.process.exit_code}"
            for places in self.places.values()
            for place in places
            if not place.process.running
        ]


@contextmanager
def deployed(
    directory: Path, *, webs: int = WEBS, replies: int = REPLY_WORKERS, compactions: int = COMPACTION_WORKERS
) -> Iterator[Deployment]:
    """Start a deployment with its data and logs in `directory`; everything is stopped afterwards.

    Raises:
        AssertionError: when a process does not start, or does not stop when it is told to.
    """
    with ExitStack() as stopping:
        history = embedded_redis.start(directory / "history")
        stopping.callback(history.stop)
        broker = embedded_redis.start(directory / "broker", fsync="no")  # it holds nothing but bells
        stopping.callback(broker.stop)
        model = OfflineModel(directory, None, *MODEL_OPTIONS)
        stopping.callback(model.stop)
        stack = Stack(directory, history.url, broker.broker_url, model, **SETTINGS)
        stopping.callback(stack.stop)
        ports = [free_port() for _ in range(webs)]
        places = {
            "replies": _workers(stack, "replies", replies),
            "compaction": _workers(stack, "compaction", compactions),
            "web": [Place(f"web-{port}", partial(stack.web_process, port)) for port in ports],
        }
        urls = tuple(f"http://127.0.0.1:{port}" for port in ports)
        locks = {name: threading.Lock() for name in ("history", "broker")}
        yield Deployment(history, broker, model, places, urls, stack.spool, locks)


def _workers(stack: Stack, queue: str, count: int) -> list[Place]:
    return [Place(f"{queue}-{number}", partial(stack.worker, queue)) for number in range(count)]
