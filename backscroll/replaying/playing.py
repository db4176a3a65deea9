"""One session over HTTP: post a message, wait for its reply, post the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx2

from backscroll.replaying import wire
from backscroll.replaying.calling import body, call, problem
from backscroll.replaying.conversations import Script
from backscroll.replaying.told import End, Told

# Beyond any deadline that a deployment sets for a reply, with a lost worker or two before it.
REPLY_LIMIT = 600.0
_WAIT = 20.0
_POLL = 1.0


async def play(
    http: httpx2.AsyncClient,
    script: Script,
    *,
    heard: Callable[[], None] = lambda: None,
    limit: float = REPLY_LIMIT,
) -> tuple[Told, ...]:
    """Play a session, message by message. After a reply that did not end, the rest is not played.

    Args:
        http: the server.
        script: the session.
        heard: called after each message, whatever came of it.
        limit: seconds for one reply.

    Returns:
        What the client was told about each message that was posted, in order.

    Raises:
        TransientError: when the server is gone.
        PermanentError: when it does not speak as Backscroll does.
    """
    told: list[Told] = []
    for number, said in enumerate(script.texts, 1):
        told.append(await _turn(http, script.session, number, said, limit))
        heard()
        if told[-1].end == "unended":
            break
    return tuple(told)


async def _turn(http: httpx2.AsyncClient, session: str, number: int, said: str, limit: float) -> Told:
    begun = time.monotonic()
    response = await call(
        http,
        "POST",
        f"/v1/sessions/{session}/messages",
        json={"text": said},
        headers={"Idempotency-Key": f"{session}.{number}"},
    )
    accept_ms = _ms_since(begun)
    if response.status_code not in (200, 202):
        # A server that broke over a message may have accepted it all the same.
        end: End = "refused" if response.is_client_error else "unended"
        return Told(said=said, end=end, code=problem(response))
    reply = body(response, wire.Reply)
    while reply.status not in wire.ENDED:
        if time.monotonic() - begun > limit:
            return Told(said=said, end="unended", code="no_end", accept_ms=accept_ms)
        response = await _poll(http, f"/v1/sessions/{session}/replies/{reply.id}")
        if response.status_code != 200:
            return Told(said=said, end="unended", code=problem(response), accept_ms=accept_ms)
        reply = body(response, wire.Reply)
    failure = None if reply.status in wire.KEPT else reply.error.code if reply.error else reply.status
    return Told(
        said=said,
        end="kept" if failure is None else "failed",
        text=reply.text,
        code=failure,
        accept_ms=accept_ms,
        reply_ms=_ms_since(begun),
        prompt_tokens=reply.usage.prompt_tokens if reply.usage else None,
    )


async def _poll(http: httpx2.AsyncClient, path: str) -> httpx2.Response:
    """Wait for the end of a reply, or for some time."""
    begun = time.monotonic()
    response = await call(http, "GET", path, params={"wait": _WAIT}, timeout=_WAIT + 10)
    # Not every server lets a request wait; a reply that comes back at once and unended is polled in peace.
    if "Retry-After" in response.headers and time.monotonic() - begun < _POLL:
        await asyncio.sleep(_POLL)
    return response


def _ms_since(begun: float) -> float:
    return (time.monotonic() - begun) * 1000
