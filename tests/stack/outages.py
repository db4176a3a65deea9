"""The ways in which a Redis goes away, as blocks at whose end it is back."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import redis as redis_py
from redis.exceptions import BusyLoadingError, RedisError

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.conditions import until

Outage = Callable[[EmbeddedRedis], AbstractContextManager[None]]

_KEYS = 1_000
_MICROSECONDS_A_KEY = 2_000


@contextmanager
def killed(server: EmbeddedRedis) -> Iterator[None]:
    """It is dead, and connections are refused."""
    server.kill()
    try:
        yield
    finally:
        server.restart()


@contextmanager
def hung(server: EmbeddedRedis) -> Iterator[None]:
    """It is stopped: connections stand, and nobody answers."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


@contextmanager
def loading(server: EmbeddedRedis) -> Iterator[None]:
    """It restarts with so much data that loading it takes two seconds."""
    restart_loading(server)
    yield
    server.wait(30)


@contextmanager
def full(server: EmbeddedRedis) -> Iterator[None]:
    """It has no memory for more."""
    with redis_py.Redis.from_url(server.url) as redis:
        redis.config_set("maxmemory", 1)
        try:
            yield
        finally:
            redis.config_set("maxmemory", 0)


@contextmanager
def read_only(server: EmbeddedRedis) -> Iterator[None]:
    """It is a replica, whose master is gone."""
    with redis_py.Redis.from_url(server.url) as redis:
        redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            yield
        finally:
            redis.execute_command("REPLICAOF", "NO", "ONE")


def restart_loading(server: EmbeddedRedis) -> None:
    """Kill the server and start it again; return while it loads, which takes two seconds and more."""
    with redis_py.Redis.from_url(server.url) as redis:
        filling = redis.pipeline(transaction=False)
        for number in range(_KEYS):
            filling.set(f"bs:filler:{number}", "x" * 2_000, ex=600)
        filling.execute()
        # What was rewritten is loaded with a look at connections now and then, a mere log of commands is not.
        redis.bgrewriteaof()
        until("it is rewritten", lambda: not redis.info("persistence")["aof_rewrite_in_progress"])
        directory = Path(redis.config_get("dir")["dir"])
    server.kill()
    slowly = {"key-load-delay": _MICROSECONDS_A_KEY, "loading-process-events-interval-bytes": 1024}
    command = embedded_redis.command(embedded_redis.find_binary(), embedded_redis.place(directory))
    options = [word for name, value in slowly.items() for word in (f"--{name}", str(value))]
    server.process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    until("it loads its data", lambda: _loads(server.url))


def _loads(url: str) -> bool:
    try:
        with redis_py.Redis.from_url(url, socket_timeout=1) as redis:
            redis.ping()
    except BusyLoadingError:
        return True
    except RedisError:
        return False
    return False
