"""A server for the client's tests: it gives what it is told to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import httpx2

from backscroll.client import Client

Answer = httpx2.Response | Exception
Asked = list[httpx2.Request]


class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that arrives in these chunks; an exception among them breaks it."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def events(*chunks: bytes | Exception) -> httpx2.Response:
    """Make a stream of events."""
    return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Body(*chunks))


def reply(status: str, code: int = 200, **more: Any) -> httpx2.Response:
    """Make a reply."""
    return httpx2.Response(code, json={"id": "r_1", "status": status, **more})


def problem(status: int, code: str, **more: Any) -> httpx2.Response:
    """Make a problem document; a `retry_after` becomes a header."""
    headers = {"Retry-After": more.pop("retry_after")} if "retry_after" in more else {}
    return httpx2.Response(status, json={"code": code, "detail": f"it is {code}", **more}, headers=headers)


def in_turn(answers: Sequence[Answer]) -> tuple[httpx2.MockTransport, Asked]:
    """Make a server that gives these answers, one after the other."""
    asked: Asked = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        answer = answers[len(asked)]
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx2.MockTransport(handler), asked


def hurried(client: Client) -> list[float]:
    """Have a client not wait between two tries; give the pauses that it would have made."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    client._wire.sleep = sleep
    return pauses


def client(*answers: Answer, patience: float = 60.0) -> tuple[Client, Asked, list[float]]:
    """Make a client of such a server that is in a hurry."""
    transport, asked = in_turn(answers)
    made = Client("http://server", patience=patience, transport=transport)
    return made, asked, hurried(made)


def client_of(handler: Callable[[httpx2.Request], httpx2.Response]) -> Client:
    """Make a client in a hurry of a server that answers by a rule."""
    made = Client("http://server", transport=httpx2.MockTransport(handler))
    hurried(made)
    return made
