"""One deployment for all acceptance tests of this process; who needs another one starts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import redis as redis_py

from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.api import Api
from tests.stack.databases import Databases
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack


@pytest.fixture
def model(offline_model: OfflineModel) -> Iterator[OfflineModel]:
    """The model, without what earlier tests ordered."""
    yield offline_model
    offline_model.reset()


@pytest.fixture(scope="session")
def shared_stack(
    tmp_path_factory: pytest.TempPathFactory, redis_server: EmbeddedRedis, offline_model: OfflineModel
) -> Iterator[Stack]:
    """The deployment of all tests that neither kill anything nor need other settings."""
    stack = Stack(tmp_path_factory.mktemp("stack"), redis_server.url, redis_server.broker_url, offline_model)
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def api(shared_stack: Stack, model: OfflineModel, redis: redis_py.Redis) -> Api:
    """A client of the shared deployment; every key that a test leaves is checked for its expiry."""
    return shared_stack.have_web().api


@contextmanager
def _stacks(
    directories: pytest.TempPathFactory, databases: Databases, model: OfflineModel
) -> Iterator[Callable[..., Stack]]:
    """Let deployments be made, each on databases of its own, and stop them afterwards."""
    with ExitStack() as made:

        def make(*, redis_url: str = "", broker_url: str = "", **env: str) -> Stack:
            own = made.enter_context(databases.own())
            stack = Stack(
                directories.mktemp("own"), redis_url or own.redis, broker_url or own.broker, model, **env
            )
            made.callback(stack.stop)
            return stack

        yield make


@pytest.fixture
def make_stack(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, model: OfflineModel
) -> Iterator[Callable[..., Stack]]:
    """Make a deployment of one's own, with settings as keyword arguments: to be killed, or set otherwise.

    It has databases of its own on the shared Redis, or its workers would answer for the shared one.
    """
    with _stacks(tmp_path_factory, databases, model) as make:
        yield make


@pytest.fixture(scope="module")
def make_lasting_stack(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, offline_model: OfflineModel
) -> Iterator[Callable[..., Stack]]:
    """Make a deployment that all tests of a file share: a start costs more than most of them."""
    with _stacks(tmp_path_factory, databases, offline_model) as make:
        yield make
