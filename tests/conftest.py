"""Fixtures that every kind of test may use: a real Redis, and the check that each key of ours expires."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis as redis_py

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.databases import Databases
from tests.stack.expiry import eternal
from tests.stack.offline import OfflineModel
from tests.stack.tls import Certificates, TlsProxy


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """One Redis for all tests of this process; sessions keep them apart."""
    directory: Path = tmp_path_factory.mktemp("redis")
    server = embedded_redis.start(directory, fsync="no")  # nobody pulls the plug: a few ms less a write
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(redis_server: EmbeddedRedis) -> Databases:
    """Databases for who must not meet the sessions of other tests, or the workers of other deployments."""
    return Databases(redis_server)


@pytest.fixture
def redis(redis_server: EmbeddedRedis) -> Iterator[redis_py.Redis]:
    """A raw connection to look behind the scenes; after the test, every key of ours must expire (F39)."""
    with redis_py.Redis.from_url(redis_server.url) as client:
        yield client
        assert eternal(client) == []


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that may be killed; one that runs in the end is checked for its keys' expiry (F39)."""
    with embedded_redis.running(tmp_path / "own") as server:
        yield server
        if server.process.poll() is None:
            with redis_py.Redis.from_url(server.url) as client:
                assert eternal(client) == []


@pytest.fixture(scope="session")
def offline_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineModel]:
    """The model that all deployments of this process ask."""
    model = OfflineModel(tmp_path_factory.mktemp("model"))
    yield model
    model.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Who may talk over TLS, and who not."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def proxy(certificates: Certificates, redis_server: EmbeddedRedis) -> Iterator[TlsProxy]:
    """TLS in front of the Redis of this process, as `localhost`."""
    found = TlsProxy(certificates, redis_server.url.removeprefix("unix://").partition("?")[0], "localhost")
    yield found
    found.close()


@pytest.fixture
def sid() -> str:
    """A session name that no other test uses."""
    return f"s-{uuid4().hex[:12]}"


def pytest_configure() -> None:
    """Take Ctrl-C, here and in all that is started: what a shell runs in the background has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Keep the collector off the thousands of tests: it would look through all of them again and again."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes a minute and more: at the end, one process would be left alone with it."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
