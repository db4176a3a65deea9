"""Requests a minute: of a tenant over all processes, of each process alone while Redis is down."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis as redis_py

from backscroll.errors import RateLimited
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.settings import StoreSettings
from backscroll.store.redis import Store
from tests.stack.conditions import until
from tests.stack.expiry import eternal
from web.request_rate import RequestRate


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def own_store(own_redis: EmbeddedRedis) -> Iterator[Store]:
    found = Store(StoreSettings(redis_url=own_redis.url))
    yield found
    found.close()


def take(rate: RequestRate, tenant: str, count: int) -> None:
    for _ in range(count):
        rate.take(tenant)


def refused(rate: RequestRate, tenant: str) -> RateLimited:
    with pytest.raises(RateLimited) as told:
        rate.take(tenant)
    return told.value


def test_what_is_too_much_is_refused_with_the_time_to_come_back(store: Store, tenant: str) -> None:
    rate = RequestRate(store, 3)
    take(rate, tenant, 3)
    error = refused(rate, tenant)
    assert error.code == "rate_limited"
    assert 1 <= error.delay <= 60
    take(rate, tenant + "x", 3)


def test_all_processes_count_together(store: Store, tenant: str) -> None:
    take(RequestRate(store, 3), tenant, 2)
    other = RequestRate(store, 3)
    take(other, tenant, 1)
    refused(other, tenant)


def test_what_is_counted_expires(store: Store, redis: redis_py.Redis, tenant: str) -> None:
    take(RequestRate(store, 3), tenant, 2)
    found = list(redis.scan_iter(f"bs:limits:*{tenant}*"))
    assert found
    assert all(0 < redis.pttl(key) <= 120_000 for key in found)
    assert eternal(redis, f"*{tenant}*") == []


def test_while_redis_hangs_one_request_finds_out_and_the_others_pay_nothing(
    own_redis: EmbeddedRedis, own_store: Store, tenant: str
) -> None:
    rate = RequestRate(own_store, 5)
    take(rate, tenant, 5)
    os.kill(own_redis.process.pid, signal.SIGSTOP)
    try:
        began = time.perf_counter()
        rate.take(tenant)  # finds out
        found_out = time.perf_counter()
        take(rate, tenant, 4)
        refused(rate, tenant)
        assert time.perf_counter() - found_out < found_out - began, (
            "five of them, and each would take as long"
        )
    finally:
        os.kill(own_redis.process.pid, signal.SIGCONT)
    until("Redis is found to be back", lambda: not own_store.breaker.is_open)
    refused(rate, tenant)
    take(rate, tenant + "x", 5)


def test_a_redis_that_takes_no_writes_stops_nobody(own_store: Store, tenant: str) -> None:
    own_store.client.config_set("maxmemory", "1")
    rate = RequestRate(own_store, 2)
    take(rate, tenant, 2)
    refused(rate, tenant)
