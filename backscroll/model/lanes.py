"""Connections to a model, one for each call in work.

httpx looks at each of a pool's connections when a call begins and again when it ends: with hundreds of calls
in work, that took longer than all else that it does for them. Here a pool holds one connection, and the one
that was used last is taken without looking at any other.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import httpx2

# Seconds for which an idle connection is kept; httpx's own pool does not keep one longer either.
_KEPT = 5.0
# How many that nobody needs any more are closed by a call that ends: its answer waits for that.
_CLOSED = 2


class Lanes(httpx2.AsyncBaseTransport):
    """A transport in which no call waits for another, or for the number of others.

    Args:
        trusted: whose certificates are trusted.
        clock: seconds that only grow.
    """

    def __init__(self, trusted: ssl.SSLContext, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._trusted = trusted
        self._clock = clock
        # The newest last, with the time of its last use.
        self._idle: deque[tuple[httpx2.AsyncHTTPTransport, float]] = deque()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, over a connection of its own until the response is closed."""
        lane = self._idle.pop()[0] if self._idle else httpx2.AsyncHTTPTransport(verify=self._trusted)

        async def leave() -> None:
            self._idle.append((lane, self._clock()))
            for _ in range(_CLOSED):
                # While one is closed, others may be taken, and all of them.
                if self._idle and self._idle[0][1] < self._clock() - _KEPT:
                    await self._idle.popleft()[0].aclose()

        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            await lane.aclose()  # one that was dropped before it had sent anything is open still
            raise
        response.stream = _Stream(cast("httpx2.AsyncByteStream", response.stream), leave)
        return response

    async def aclose(self) -> None:
        """Close all connections that no call has."""
        while self._idle:
            await self._idle.pop()[0].aclose()


class _Stream(httpx2.AsyncByteStream):
    """What a response says, and what is to be done when it has been heard."""

    def __init__(self, said: httpx2.AsyncByteStream, closed: Callable[[], Awaitable[None]]) -> None:
        self._said = said
        self._closed = closed

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._said.__aiter__()

    async def aclose(self) -> None:
        await self._said.aclose()
        await self._closed()
