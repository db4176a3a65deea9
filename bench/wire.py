"""HTTP at the cost of a few system calls: what loads a server must not be what is measured."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class Wire:
    """One connection that is kept alive, and one request at a time on it."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        self._host, self._port = at.hostname, at.port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._writer.close()

    async def post(self, path: str, body: bytes, headers: str = "") -> tuple[int, bytes]:
        """Send a body of JSON, and give the status and body of the answer."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n"
        )
        self._writer.write(head.encode() + body)
        answered = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answered.split("content-length:")[1].split("\r\n")[0])
        return int(answered[9:12]), await self._reader.readexactly(length)

    async def say(self, sid: str, text: str, *, wait: int = 60) -> dict[str, Any]:
        """Post a message, wait for its answer, and give the reply, which must be complete."""
        body = json.dumps({"text": text}).encode()
        status, answer = await self.post(f"/v1/sessions/{sid}/messages", body, f"Prefer: wait={wait}\r\n")
        reply: dict[str, Any] = json.loads(answer)
        assert (status, reply.get("status")) == (200, "completed"), answer[:500]
        return reply
