"""The window of a process that runs for long: what it reads of Redis, how often, and when it cannot."""

from __future__ import annotations

import threading

import pytest
import redis as redis_py
from msgspec.structs import replace

from backscroll.compaction.measuring import Windows
from backscroll.compaction.window import given, measured
from backscroll.settings import BudgetSettings
from backscroll.store.redis import Store
from tests.stack import metered
from tests.stack.conditions import until
from tests.unit.measured import drawn, meter_of

AUTO = BudgetSettings(recent_turns="auto")


@pytest.fixture
def store(own_store: Store) -> Store:
    """What a deployment has measured is one for all of its sessions."""
    return own_store


def commands(store: Store) -> int:
    """Count the commands that Redis has served, this one apart."""
    info = store.client.info("commandstats")
    return sum(value["calls"] for name, value in info.items() if name == "cmdstat_hgetall")


def test_a_window_follows_what_was_measured(store: Store) -> None:
    windows = Windows(store, AUTO, every=0)
    assert windows.now() == given(AUTO)
    small, large = drawn(64), drawn(1500, seed=2)
    metered.count(store, 3, small)
    assert windows.now() == measured(meter_of(small), AUTO)
    metered.count(store, 60, large)
    assert windows.now() == measured(meter_of([*small, *large]), AUTO) != measured(meter_of(small), AUTO)


def test_with_fixed_turns_nothing_is_read(store: Store) -> None:
    metered.count(store, 3, drawn(64))
    before = commands(store)
    windows = Windows(store, BudgetSettings(recent_turns=7), every=0)
    assert [windows.now() for _ in range(5)] == [given(BudgetSettings(recent_turns=7))] * 5
    assert commands(store) == before


def test_a_measurement_is_good_for_a_while(store: Store) -> None:
    metered.count(store, 3, drawn(64))
    before = commands(store)
    windows = Windows(store, AUTO)
    found = windows.now()
    assert commands(store) == before + store.settings.shards
    metered.count(store, 3, drawn(1500))
    assert [windows.now() for _ in range(100)] == [found] * 100
    assert commands(store) == before + store.settings.shards


def test_threads_share_one_measurement(store: Store) -> None:
    metered.count(store, 3, drawn(64))
    before, windows, start = commands(store), Windows(store, AUTO), threading.Barrier(16)

    def look() -> None:
        start.wait()
        windows.now()

    threads = [threading.Thread(target=look) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert commands(store) == before + store.settings.shards
    assert windows.now() == measured(meter_of(drawn(64)), AUTO)


def test_without_redis_a_process_has_the_given_window(nobody: Store) -> None:
    assert Windows(nobody, AUTO).now() == given(AUTO)
    assert Windows(nobody, replace(AUTO, trigger_turns=20)).now().trigger_turns == 20


def test_a_redis_that_goes_leaves_the_last_window(store: Store, nobody: Store) -> None:
    metered.count(store, 3, drawn(64))
    windows = Windows(store, AUTO, every=0)
    found = windows.now()
    assert found != given(AUTO)
    serving, store.servers = store.servers, nobody.servers
    assert windows.now() == found
    store.servers = serving
    metered.count(store, 3, drawn(1500))
    until("it is measured again, Redis being back", lambda: windows.now() != found)


def test_what_is_counted_in_the_tests_expires(store: Store) -> None:
    metered.count(store, 3, [64])
    client: redis_py.Redis = store.client
    assert all(client.ttl(key) > 0 for key in client.scan_iter())
