"""The worker's threads tell Celery's event loop when one comes free, and only where it waits for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu.asynchronous import get_event_loop, set_event_loop

from worker.pool import TaskPool


class Loop:
    """Remembers how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def call_soon(self, callback: Callable[[], Any]) -> None:
        callback()
        self.woken += 1


@pytest.fixture
def loop() -> Iterator[Loop]:
    before, loop = get_event_loop(), Loop()
    set_event_loop(loop)  # type: ignore[arg-type]
    yield loop
    set_event_loop(before)


@pytest.fixture
def pool() -> Iterator[TaskPool]:
    pool = TaskPool(limit=2)
    yield pool
    pool.on_stop()


def test_the_loop_is_woken_when_one_of_all_threads_comes_free(pool: TaskPool, loop: Loop) -> None:
    held = threading.Event()
    for _ in range(2):
        pool.on_apply(held.wait, (5,))
    assert loop.woken == 0
    held.set()
    pool.on_stop()  # returns when its threads have ended, and have told it
    assert loop.woken == 1, "the second came free while one was already"


def test_nobody_is_woken_while_threads_are_free(pool: TaskPool, loop: Loop) -> None:
    pool.on_apply(lambda: None)
    pool.on_stop()
    assert loop.woken == 0
