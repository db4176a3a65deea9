"""Connections to a model: one for each call in work, and none that stays for long without one."""

from __future__ import annotations

import asyncio
import ssl

import httpx2
import pytest

from backscroll.model.gemini import _is_proxied
from backscroll.model.lanes import Lanes
from tests.sdk.server import Replaying
from tests.stack.clock import Clock
from tests.stack.conditions import until

BODY = {"contents": []}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lanes(clock: Clock) -> Lanes:
    return Lanes(ssl.create_default_context(), clock=clock)


async def ask(client: httpx2.AsyncClient, api: Replaying, times: int) -> list[int]:
    """Ask so many times at once, each heard to its end before any is closed; give the connections."""
    before = len(api.requests)
    for _ in range(times):
        api.stream("plain")
    answers = [
        await client.send(client.build_request("POST", api.url, json=BODY), stream=True) for _ in range(times)
    ]
    for answer in answers:
        await answer.aread()
    return [request.connection for request in api.requests[before:]]


def test_calls_at_a_time_have_a_connection_each_and_later_ones_the_newest(
    api: Replaying, lanes: Lanes
) -> None:
    async def talk() -> list[int]:
        async with httpx2.AsyncClient(transport=lanes) as client:
            first = await ask(client, api, 3)
            assert await ask(client, api, 1) == await ask(client, api, 1) == first[-1:]
            return first

    had = set(asyncio.run(talk()))
    assert len(had) == 3
    until("all are closed with the client", lambda: not api.connections & had)


def test_connections_that_nobody_needs_any_more_are_closed(
    api: Replaying, lanes: Lanes, clock: Clock
) -> None:
    async def talk() -> None:
        async with httpx2.AsyncClient(transport=lanes) as client:
            *others, last = await ask(client, api, 3)
            clock.now += 6
            assert await ask(client, api, 1) == [last]
            await asyncio.to_thread(
                until, "the others are closed", lambda: not api.connections.intersection(others)
            )
            assert last in api.connections

    asyncio.run(talk())


def test_a_server_that_is_not_there_is_asked_anew_each_time(lanes: Lanes, api: Replaying) -> None:
    async def talk() -> None:
        async with httpx2.AsyncClient(transport=lanes) as client:
            for _ in range(2):
                with pytest.raises(httpx2.ConnectError):
                    await client.post("http://127.0.0.1:9/", json=BODY)
            await ask(client, api, 1)

    asyncio.run(talk())


def test_all_may_be_closed_while_one_that_nobody_needs_is(
    api: Replaying, lanes: Lanes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = httpx2.AsyncHTTPTransport.aclose

    async def all_closed(one: httpx2.AsyncHTTPTransport) -> None:
        monkeypatch.undo()
        await lanes.aclose()
        await closed(one)

    async def talk() -> list[int]:
        async with httpx2.AsyncClient(transport=lanes) as client:
            had = await ask(client, api, 3)
            clock.now += 6
            monkeypatch.setattr(httpx2.AsyncHTTPTransport, "aclose", all_closed)
            await ask(client, api, 1)
            return had

    had = set(asyncio.run(talk()))
    until("all are closed", lambda: not api.connections & had)


@pytest.mark.parametrize(
    ("name", "value", "own"),
    [("NO_PROXY", "localhost", True), ("HTTPS_PROXY", "http://127.0.0.1:9", False)],
)
def test_calls_have_connections_of_their_own_unless_a_proxy_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, own: bool
) -> None:
    for each in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(each, raising=False)
        monkeypatch.delenv(each.upper(), raising=False)
    monkeypatch.setenv(name, value)
    assert _is_proxied() is not own
