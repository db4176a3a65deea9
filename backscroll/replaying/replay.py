"""A whole run: many sessions, some of them at a time, first played and then checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from backscroll.client import AsyncClient
from backscroll.replaying import held
from backscroll.replaying.checking import check
from backscroll.replaying.conversations import Script
from backscroll.replaying.playing import play
from backscroll.replaying.report import Played, Report, summarise

T = TypeVar("T")
R = TypeVar("R")

# A deployment that is rolled out anew is waited for.
_PATIENCE = 120.0


async def replay(
    run: str,
    scripts: Sequence[Script],
    *,
    base_url: str,
    api_key: str | None = None,
    concurrency: int,
    heard: Callable[[], None],
    checked: Callable[[], None],
) -> Report:
    """Play sessions, check what became of them, and report.

    Args:
        run: the run's name.
        scripts: the sessions.
        base_url: where the server is.
        api_key: whose sessions, where it asks for keys.
        concurrency: how many sessions play at a time.
        heard: called after each message.
        checked: called after each session that was checked.

    Raises:
        TransientError: when the server cannot be reached, or went away for long.
        BusyError: when it turned a message away for as long.
        PermanentError: when what answers is not Backscroll.
    """
    async with AsyncClient(base_url, api_key=api_key, patience=_PATIENCE) as client:
        await client.ping()
        begun = time.monotonic()
        told = await _each(scripts, lambda script: play(client, script, heard=heard), concurrency)
        seconds = time.monotonic() - begun

        # Only now, so that no session that could be played waits for another's compaction.
        async def look(number: int) -> Played:
            session = scripts[number].session
            found = await held.read(client.session(session))
            checked()
            return Played(session, told[number], found, check(told[number], found.transcript))

        played = await _each(range(len(scripts)), look, concurrency)
    return summarise(run, played, seconds)


async def _each(items: Sequence[T], work: Callable[[T], Awaitable[R]], concurrency: int) -> list[R]:
    """Do `work` for each item, for at most `concurrency` of them at a time; give the results in order."""
    results: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def worker() -> None:
        for number, item in waiting:
            results[number] = await work(item)

    await asyncio.gather(*(worker() for _ in range(min(concurrency, len(items)))))
    return [results[number] for number in range(len(items))]
