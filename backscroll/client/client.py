"""A Backscroll server, reached with an event loop. `Client` in blocking.py is the same without one."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

import httpx2

from backscroll.client.calling import Calls
from backscroll.client.problems import NotBackscroll, from_transport
from backscroll.client.session import AsyncSession
from backscroll.client.wire import ANSWER, AsyncWire, Wire
from backscroll.errors import InvalidRequest

URL = "http://127.0.0.1:8080"
PATIENCE = 60.0


class AsyncClient:
    """A server, and the sessions on it. Nothing is connected before the first call.

    Args:
        url: where the server is.
        api_key: whose sessions, where the server asks for keys.
        patience: seconds for which a call is made again while the server cannot be reached, is not ready,
            or turns it away for now; the pauses are those that it asks for, or grow by themselves.
        transport: another way to the server, such as `httpx2.AsyncHTTPTransport(uds=…)`.

    Leaving an `async with` block, or `close`, closes its connections.

    Raises:
        InvalidRequest: for a URL that is none, or a key that no header can hold.
    """

    def __init__(
        self,
        url: str = URL,
        *,
        api_key: str | None = None,
        patience: float = PATIENCE,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._wire = AsyncWire(checked(url), api_key, transport)
        self._calls = Calls(self._wire, patience)

    def session(self, name: str) -> AsyncSession:
        """Give the session `name`, which begins when something is said in it.

        Raises:
            InvalidRequest: for a name that no session can have.
        """
        return AsyncSession(self._calls, name)

    async def ping(self) -> None:
        """Return when a server is there, asked once.

        Raises:
            TransientError: when nobody answers.
            NotBackscroll: when somebody else does.
        """
        await ping(self._wire)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()


def checked(url: str) -> str:
    """Give a server's URL, without a slash at its end.

    Raises:
        InvalidRequest: when it is none.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidRequest("url", f"{url!r} is no URL like {URL}")
    return url.rstrip("/")


async def ping(wire: Wire) -> None:
    """Ask a server once whether it is there."""
    try:
        response = await wire.request("GET", "/healthz", read=ANSWER)
    except httpx2.RequestError as error:
        raise from_transport(wire.url, error) from None
    if response.status_code != 200 or b'"alive"' not in response.content:
        raise NotBackscroll(
            f"what listens at {wire.url} is not Backscroll: /healthz answers {response.status_code}"
        )
