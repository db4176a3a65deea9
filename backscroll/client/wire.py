"""The two ways to reach a server: with an event loop, and without one. Nothing else here knows them apart.

The client is written once, as coroutines over a `Wire`. Over `AsyncWire` they wait as coroutines do. Over
`BlockingWire` they never wait: each call blocks its thread and is done when it returns, so that a single
`send(None)` runs a coroutine to its end (blocking.py). No second thread and no event loop stand behind it:
Ctrl-C interrupts the very read that blocks, and nothing is left running.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import Any, Protocol

import httpx2

from backscroll.client import problems
from backscroll.errors import InvalidRequest

SILENCE = 45.0  # of a stream, in seconds, after which it is taken for dead: its heartbeat is a third of that
ANSWER = 15.0
_CONNECT = 5.0
_LARGEST_EVENT = 64 * 1024 * 1024
_EVENTS = {"Accept": "text/event-stream", "Cache-Control": "no-store"}

ServerSentEvent = httpx2.ServerSentEvent


class Over(Exception):
    """Nothing follows the event from which the stream was to be resumed."""


class Wire(Protocol):
    """Requests to one server, at `url`. Methods that ask something raise httpx2's `RequestError`."""

    url: str

    async def request(self, method: str, path: str, *, read: float, **more: Any) -> httpx2.Response:
        """Make one request; `read` is the seconds for which the server may stay silent."""
        ...

    def events(self, path: str, last_id: str, until: float) -> AsyncGenerator[ServerSentEvent, None]:
        """Open a stream behind the event `last_id`, and give what arrives before the monotonic `until`.

        Raises:
            BackscrollError: when the server refuses.
            Over: when nothing follows.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class AsyncWire:
    """With an event loop, asyncio's."""

    def __init__(self, url: str, api_key: str | None, transport: httpx2.AsyncBaseTransport | None) -> None:
        self.url = url
        self._http = httpx2.AsyncClient(**_options(url, api_key), transport=transport)

    async def request(self, method: str, path: str, *, read: float, **more: Any) -> httpx2.Response:
        return await self._http.request(method, path, timeout=_timeout(read), **more)

    async def events(self, path: str, last_id: str, until: float) -> AsyncGenerator[ServerSentEvent, None]:
        async with self._http.stream("GET", path, **_resuming(last_id, until)) as response:
            if response.status_code != 200:
                await response.aread()
                raise _refused(response)
            response.stream = _AsyncUntil(response.stream, until)
            async for event in httpx2.EventSource(response, _LARGEST_EVENT):
                yield event

    async def sleep(self, seconds: float) -> None:
        import asyncio  # which who needs no loop need not load

        await asyncio.sleep(seconds)

    async def close(self) -> None:
        await self._http.aclose()


class BlockingWire:
    """Without an event loop: coroutines over it are done at the first go."""

    def __init__(self, url: str, api_key: str | None, transport: httpx2.BaseTransport | None) -> None:
        self.url = url
        self._http = httpx2.Client(**_options(url, api_key), transport=transport)

    async def request(self, method: str, path: str, *, read: float, **more: Any) -> httpx2.Response:
        return self._http.request(method, path, timeout=_timeout(read), **more)

    async def events(self, path: str, last_id: str, until: float) -> AsyncGenerator[ServerSentEvent, None]:
        with self._http.stream("GET", path, **_resuming(last_id, until)) as response:
            if response.status_code != 200:
                response.read()
                raise _refused(response)
            response.stream = _Until(response.stream, until)
            for event in httpx2.EventSource(response, _LARGEST_EVENT):
                yield event

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def close(self) -> None:
        self._http.close()


class _Until(httpx2.SyncByteStream):
    """A stream that breaks at a time, whatever still arrives: heartbeats hide from who reads events."""

    def __init__(self, stream: Any, until: float) -> None:
        self._stream = stream
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            yield chunk
            _check_time(self._until)

    def close(self) -> None:
        self._stream.close()


class _AsyncUntil(httpx2.AsyncByteStream):
    """The same, with an event loop."""

    def __init__(self, stream: Any, until: float) -> None:
        self._stream = stream
        self._until = until

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk
            _check_time(self._until)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _check_time(until: float) -> None:
    if time.monotonic() > until:
        raise httpx2.ReadTimeout("no end in the time that was given")


def _refused(response: httpx2.Response) -> Exception:
    return Over() if response.status_code == 204 else problems.from_response(response)


def visible(field: str, value: str) -> str:
    """Return what may stand in a header; what httpx2 says of others would repeat them.

    Raises:
        InvalidRequest: when it may not.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise InvalidRequest(field, "must be visible ASCII characters")
    return value


def _options(url: str, api_key: str | None) -> dict[str, Any]:
    headers = {"User-Agent": "backscroll"}
    if api_key is not None:
        headers["Authorization"] = f"Bearer {visible('api_key', api_key)}"
    # No bound on connections: a thousand streams take a thousand, and the server has its own.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    return {"base_url": url, "headers": headers, "limits": limits}


def _resuming(last_id: str, until: float) -> dict[str, Any]:
    headers: Mapping[str, str] = _EVENTS | ({"Last-Event-ID": last_id} if last_id else {})
    return {"headers": headers, "timeout": _timeout(min(SILENCE, until - time.monotonic()))}


def _timeout(read: float) -> httpx2.Timeout:
    # Even where hardly any time is left, a server gets the chance to answer.
    return httpx2.Timeout(ANSWER, connect=_CONNECT, read=max(read, 1.0))
