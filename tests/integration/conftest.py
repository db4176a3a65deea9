"""The store alone, on a real Redis: scripts as Python calls them, without processes around them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis as redis_py

from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store.redis import Store


@pytest.fixture
def store(redis_server: EmbeddedRedis, redis: redis_py.Redis) -> Iterator[Store]:
    """A store with production's settings, and the check that every key expires."""
    found = Store(StoreSettings(redis_url=redis_server.url))
    yield found
    found.close()


@pytest.fixture
def session(sid: str) -> Session:
    """A session that no other test uses."""
    return Session("tests", sid)
