"""A reply's stream, event by event. Where it breaks it is taken up again, behind the last event that came."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Self

import httpx2
import msgspec

from backscroll.client import problems
from backscroll.client.calling import Calls, Deadline
from backscroll.client.events import Delta, Ended, Event, Status, parse, retold
from backscroll.client.problems import NotBackscroll, NotEnded
from backscroll.client.reply import Reply
from backscroll.client.wire import Over, ServerSentEvent
from backscroll.errors import BackscrollError, TransientError


class AsyncStream:
    """The events of one reply, to iterate over within `async with`.

    A `Status` voids what came before it; `text` follows that rule, so that it is always the answer so far.
    A connection that breaks, closes before the end or stays silent is made anew, to whichever web process
    is there then, and nothing comes twice.

    Raises:
        NotEnded: when the reply has not ended in time; it goes on.
        TransientError: when the server stays away.
        NotFound: when there is no such reply, or no longer.
    """

    def __init__(
        self,
        calls: Calls,
        replies: str,
        begin: Callable[[Deadline], Awaitable[Reply]],
        *,
        timeout: float | None,
        last_event_id: str,
    ) -> None:
        self.last_event_id = last_event_id
        self.text = ""
        self._calls = calls
        self._replies = replies
        self._begin = begin
        self._timeout = timeout
        self._begun: Reply | None = None
        self._ended: Reply | None = None
        self._ready: deque[Event] = deque()
        self._arriving: AsyncGenerator[ServerSentEvent, None] | None = None
        self._retry: float | None = None

    @property
    def id(self) -> str:
        """The reply's id."""
        if self._begun is None:
            raise RuntimeError("a stream begins when its `with` block does")
        return self._begun.id

    @property
    def reply(self) -> Reply:
        """The ended reply.

        Raises:
            NotEnded: before the end has come.
        """
        if self._ended is None:
            raise NotEnded(self.id)
        return self._ended

    async def __aenter__(self) -> Self:
        self._deadline = Deadline(self._timeout)
        self._begun = await self._begin(self._deadline)
        if self._begun.ended:
            self._ready.extend(retold(self._begun))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._ended is not None:
            raise StopAsyncIteration
        _ = self.id
        try:
            event = (
                self._ready.popleft() if self._ready else await self._calls.again(self._next, self._deadline)
            )
        except TransientError:
            if self._deadline.left() > 0:
                raise
            raise NotEnded(self.id) from None
        if isinstance(event, Status):
            self.text = ""
        elif isinstance(event, Delta) and not event.thought:
            self.text += event.text
        elif isinstance(event, Ended):
            self._ended = event.reply
            self.text = event.reply.text
            await self._hang_up()
        return event

    async def _next(self) -> Event:
        """Give the next event, from a new connection where there is none; an error leaves none behind."""
        path = f"{self._replies}/{self.id}"
        if self._arriving is None:
            self._arriving = self._calls.wire.events(f"{path}/events", self.last_event_id, self._deadline.at)
        try:
            async for sent in self._arriving:
                if event := self._read(sent):
                    return event
            broke: BackscrollError = TransientError(
                "unreachable", f"the stream of {self.id} was closed early"
            )
        except httpx2.RequestError as error:
            broke = problems.from_transport(self._calls.wire.url, error)
        except Over:
            self._arriving = None
            return Ended(await self._calls.call("GET", path, Reply, deadline=self._deadline))
        except BackscrollError as error:
            broke = error
        await self._hang_up()
        if isinstance(broke, TransientError) and broke.delay is None and self._retry is not None:
            # All streams of a process break at once, and should not all come back at once.
            pause = random.uniform(0.5, 1.0) * self._retry  # nosec B311 # chance, no secret
            broke.delay, self._retry = pause, None
        raise broke

    def _read(self, sent: ServerSentEvent) -> Event | None:
        if sent.retry is not None:
            self._retry = sent.retry / 1000
        try:
            event = parse(sent.event, sent.data) if sent.data else None
        except msgspec.MsgspecError as error:
            raise NotBackscroll(f"an event {sent.event!r} of {self.id} cannot be read: {error}") from None
        if sent.data:  # an id alone is an event that was cut off: it has not come yet
            self.last_event_id = sent.id or self.last_event_id
        return event

    async def _hang_up(self) -> None:
        if self._arriving is not None:
            await self._arriving.aclose()
            self._arriving = None
