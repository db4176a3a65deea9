"""One session over HTTP: post a message, wait for its reply, post the next one."""

from __future__ import annotations

import time
from collections.abc import Callable

from backscroll.client import AsyncClient, AsyncSession, NotBackscroll, NotEnded, Reply, ServerBroke
from backscroll.errors import PermanentError
from backscroll.replaying.conversations import Script
from backscroll.replaying.told import Told

# Beyond any deadline that a deployment sets for a reply, with a lost worker or two before it.
REPLY_LIMIT = 600.0


async def play(
    client: AsyncClient,
    script: Script,
    *,
    heard: Callable[[], None] = lambda: None,
    limit: float = REPLY_LIMIT,
) -> tuple[Told, ...]:
    """Play a session, message by message. After a reply that did not end, the rest is not played.

    Args:
        client: the server.
        script: the session.
        heard: called after each message, whatever came of it.
        limit: seconds for one reply.

    Returns:
        What the client was told about each message that was posted, in order.

    Raises:
        TransientError: when the server is gone.
        BusyError: when it turns a message away for as long as the client is patient.
        PermanentError: when it does not speak as Backscroll does.
    """
    session = client.session(script.session)
    told: list[Told] = []
    for number, said in enumerate(script.texts, 1):
        told.append(await _turn(session, number, said, limit))
        heard()
        if told[-1].end == "unended":
            break
    return tuple(told)


async def _turn(session: AsyncSession, number: int, said: str, limit: float) -> Told:
    begun = time.monotonic()
    try:
        reply = await session.post(said, timeout=None, idempotency_key=f"{session.name}.{number}")
    except NotBackscroll:
        raise
    except ServerBroke as error:  # it may have accepted the message all the same
        return Told(said=said, end="unended", code=error.code)
    except PermanentError as error:
        return Told(said=said, end="refused", code=error.code)
    accept_ms = _ms_since(begun)
    try:
        if not reply.ended:
            reply = await session.wait(reply.id, timeout=limit - (time.monotonic() - begun))
    except NotBackscroll:
        raise
    except NotEnded:
        return Told(said=said, end="unended", code="no_end", accept_ms=accept_ms)
    except PermanentError as error:
        return Told(said=said, end="unended", code=error.code, accept_ms=accept_ms)
    failure = _failure(reply)
    return Told(
        said=said,
        end="kept" if failure is None else "failed",
        text=reply.text,
        code=failure,
        accept_ms=accept_ms,
        reply_ms=_ms_since(begun),
        prompt_tokens=reply.usage.prompt_tokens if reply.usage else None,
    )


def _failure(reply: Reply) -> str | None:
    if reply.kept:
        return None
    return reply.error.code if reply.error else reply.status


def _ms_since(begun: float) -> float:
    return (time.monotonic() - begun) * 1000
