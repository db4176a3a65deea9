"""What the server holds of a session after it was played."""

from __future__ import annotations

import asyncio
import time

import httpx2
import msgspec

from backscroll.replaying import wire
from backscroll.replaying.calling import body, call

_PAGE = 500
_POLL = 0.25
# A compaction that is refused stays due; the numbers are then those of this moment.
SETTLING = 10.0


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the end: its transcript, and what the model would be sent. All empty where it is gone."""

    transcript: tuple[wire.Message, ...] = ()
    context_tokens: int = 0
    chapters: int = 0
    compactions: int = 0


async def read(http: httpx2.AsyncClient, session: str, *, settling: float = SETTLING) -> Held:
    """Read a session, after at most `settling` seconds in which a compaction that is due may happen.

    Raises:
        TransientError: when the server is gone.
        PermanentError: when it does not speak as Backscroll does.
    """
    state = await _state(http, session, settling)
    if state is None:
        return Held()
    return Held(
        transcript=await _transcript(http, session),
        context_tokens=state.context_tokens,
        chapters=len(state.chapters),
        compactions=state.compactions.done,
    )


async def _state(http: httpx2.AsyncClient, session: str, settling: float) -> wire.State | None:
    deadline = time.monotonic() + settling
    while True:
        response = await call(http, "GET", f"/v1/sessions/{session}")
        if response.status_code == 404:
            return None
        state = body(response, wire.State)
        if state.compaction == "none" or time.monotonic() > deadline:
            return state
        await asyncio.sleep(_POLL)


async def _transcript(http: httpx2.AsyncClient, session: str) -> tuple[wire.Message, ...]:
    messages: list[wire.Message] = []
    after: int | None = 0
    while after is not None:
        parameters = {"view": "transcript", "after": after, "limit": _PAGE}
        response = await call(http, "GET", f"/v1/sessions/{session}/history", params=parameters)
        page = body(response, wire.Page)
        messages.extend(page.messages)
        after = page.next
    return tuple(messages)
