"""What the server holds of a session after it was played."""

from __future__ import annotations

import asyncio
import time

import msgspec

from backscroll.client import AsyncSession, Message, SessionState
from backscroll.errors import NotFound

_POLL = 0.25
# A compaction that is refused stays due; the numbers are then those of this moment.
SETTLING = 10.0


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A session in the end: its transcript, and what the model would be sent. All empty where it is gone."""

    transcript: tuple[Message, ...] = ()
    context_tokens: int = 0
    chapters: int = 0
    compactions: int = 0


async def read(session: AsyncSession, *, settling: float = SETTLING) -> Held:
    """Read a session, after at most `settling` seconds in which a compaction that is due may happen.

    Raises:
        TransientError: when the server is gone.
        PermanentError: when it does not speak as Backscroll does.
    """
    try:
        state = await _settled(session, settling)
        transcript = [message async for message in session.history()]
    except NotFound:
        return Held()
    return Held(
        transcript=tuple(transcript),
        context_tokens=state.context_tokens,
        chapters=len(state.chapters),
        compactions=state.compactions.done,
    )


async def _settled(session: AsyncSession, settling: float) -> SessionState:
    deadline = time.monotonic() + settling
    while True:
        state = await session.state()
        if state.compaction == "none" or time.monotonic() > deadline:
            return state
        await asyncio.sleep(_POLL)
