"""Connections that are held between calls: what broke meanwhile is found before the next call, or by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis as redis_py
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as Silent

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.store import held
from backscroll.store.connecting import One


@pytest.fixture
def server(redis_server: EmbeddedRedis) -> Iterator[One]:
    found = One(redis_server.url, {"socket_timeout": 5, "socket_connect_timeout": 1}, 64)
    yield found
    found.close()


def name(server: One) -> int:
    """Give the name that the server has for the connection of the next call."""
    found: int = server.send(("CLIENT", "ID"))
    return found


def test_one_connection_serves_call_after_call(server: One) -> None:
    assert len({name(server) for _ in range(20)}) == 1


def test_calls_at_the_same_time_have_a_connection_each_and_their_own_answers(server: One) -> None:
    together = threading.Barrier(8)

    def ask(number: int) -> bool:
        together.wait(10)
        return all(
            server.send(("ECHO", said)) == said for said in (b"%d %d" % (number, n) for n in range(200))
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))


def test_what_the_server_refuses_does_not_break_the_connection(server: One) -> None:
    before = name(server)
    with pytest.raises(ResponseError):
        server.send(("NO-SUCH-COMMAND",))
    assert name(server) == before


def test_of_connections_that_were_cut_one_call_fails_at_most(server: One, redis: redis_py.Redis) -> None:
    together = threading.Barrier(4)

    def each(_: int) -> int:
        together.wait(10)
        server.send(("ECHO", "hello"))
        return name(server)

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(each, range(4)))
    for each_name in names:
        redis.execute_command("CLIENT", "KILL", "ID", each_name)
    with pytest.raises(Disconnected):
        server.send(("ECHO", "hello"))
    for _ in range(8):
        assert server.send(("ECHO", "hello")) == b"hello"


def test_one_that_was_not_used_for_a_while_is_looked_at_first(
    server: One, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_SOUND", -1.0)
    before = name(server)
    redis.execute_command("CLIENT", "KILL", "ID", before)
    assert name(server) != before


def test_an_answer_that_came_too_late_is_nobody_elses(tmp_path: Path) -> None:
    with embedded_redis.running(tmp_path / "own") as own:
        server = One(own.url, {"socket_timeout": 0.2, "socket_connect_timeout": 1}, 2)
        server.send(("ECHO", "hello"))
        with redis_py.Redis.from_url(own.url) as other:
            other.execute_command("CLIENT", "PAUSE", 600, "ALL")
        with pytest.raises(Silent):
            server.send(("ECHO", "late"))
        with redis_py.Redis.from_url(own.url, socket_timeout=10) as other:
            other.ping()  # answered when the pause is over
        assert server.send(("ECHO", "mine")) == b"mine"
        server.close()


def test_a_closed_server_has_no_connections(server: One, redis: redis_py.Redis) -> None:
    before = name(server)
    server.close()
    assert before not in {int(each["id"]) for each in redis.client_list()}
