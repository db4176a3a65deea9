"""The client without an event loop: the same methods, each run to its end where it is called.

Nothing of the client is written twice. Over a `BlockingWire` its coroutines never wait for a loop, and are
done after one `send(None)`; what a method does, takes and raises is said at the method of `AsyncSession`
that it runs. A portal to a loop in another thread would have cost that thread, and an interrupt that does
not reach it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx2

from backscroll.client.calling import Calls
from backscroll.client.client import PATIENCE, URL, checked, ping
from backscroll.client.events import Event
from backscroll.client.reply import Reply
from backscroll.client.session import AsyncSession
from backscroll.client.stream import AsyncStream
from backscroll.client.wire import BlockingWire

P = ParamSpec("P")
T = TypeVar("T")


def run(steps: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine over a blocking wire, which is done at the first go."""
    try:
        steps.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    steps.close()
    raise RuntimeError("something waited for an event loop, and there is none")


class Stream:
    """The events of one reply, to iterate over within `with`: `AsyncStream` without an event loop."""

    def __init__(self, stream: AsyncStream) -> None:
        self._stream = stream

    @property
    def id(self) -> str:
        """The reply's id."""
        return self._stream.id

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._stream.text

    @property
    def last_event_id(self) -> str:
        """The event behind which `Session.events` can take the stream up again."""
        return self._stream.last_event_id

    @property
    def reply(self) -> Reply:
        """The ended reply.

        Raises:
            NotEnded: before the end has come.
        """
        return self._stream.reply

    def __enter__(self) -> Self:
        run(self._stream.__aenter__())
        return self

    def __exit__(self, *raised: object) -> None:
        run(self._stream.__aexit__(*raised))

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            return run(self._stream.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None


def _blocking(
    method: Callable[Concatenate[AsyncSession, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Session, P], T]:
    @wraps(method)
    def call(self: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run(method(self.over_wire, *args, **kwargs))

    return call


def _streaming(
    method: Callable[Concatenate[AsyncSession, P], AsyncStream],
) -> Callable[Concatenate[Session, P], Stream]:
    @wraps(method)
    def call(self: Session, /, *args: P.args, **kwargs: P.kwargs) -> Stream:
        return Stream(method(self.over_wire, *args, **kwargs))

    return call


def _iterating(
    method: Callable[Concatenate[AsyncSession, P], AsyncGenerator[T, None]],
) -> Callable[Concatenate[Session, P], Iterator[T]]:
    @wraps(method)
    def call(self: Session, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        found = method(self.over_wire, *args, **kwargs)
        try:
            while True:
                yield run(found.__anext__())
        except StopAsyncIteration:
            return

    return call


class Session:
    """One conversation: `AsyncSession` without an event loop. Threads may share it."""

    def __init__(self, session: AsyncSession) -> None:
        self.over_wire = session

    @property
    def name(self) -> str:
        """What the session is called."""
        return self.over_wire.name

    send = _blocking(AsyncSession.send)
    post = _blocking(AsyncSession.post)
    stream = _streaming(AsyncSession.stream)
    events = _streaming(AsyncSession.events)
    reply = _blocking(AsyncSession.reply)
    wait = _blocking(AsyncSession.wait)
    cancel = _blocking(AsyncSession.cancel)
    configure = _blocking(AsyncSession.configure)
    state = _blocking(AsyncSession.state)
    history = _iterating(AsyncSession.history)
    context = _blocking(AsyncSession.context)
    compact = _blocking(AsyncSession.compact)
    restore = _blocking(AsyncSession.restore)
    delete = _blocking(AsyncSession.delete)
    media = _blocking(AsyncSession.media)

    def pick_up(self) -> list[Stream]:
        """Give a stream for each reply that has not ended, in order: after a restart of the client, say."""
        return [Stream(stream) for stream in run(self.over_wire.pick_up())]


class Client:
    """A server, and the sessions on it: `AsyncClient` without an event loop. Threads may share it.

    Args:
        url: where the server is.
        api_key: whose sessions, where the server asks for keys.
        patience: seconds for which a call is made again while the server cannot be reached, is not ready,
            or turns it away for now; the pauses are those that it asks for, or grow by themselves.
        transport: another way to the server, such as `httpx2.HTTPTransport(uds=…)`.

    Leaving a `with` block, or `close`, closes its connections.

    Raises:
        InvalidRequest: for a URL that is none, or a key that no header can hold.
    """

    def __init__(
        self,
        url: str = URL,
        *,
        api_key: str | None = None,
        patience: float = PATIENCE,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._wire = BlockingWire(checked(url), api_key, transport)
        self._calls = Calls(self._wire, patience)

    def session(self, name: str) -> Session:
        """Give the session `name`, which begins when something is said in it.

        Raises:
            InvalidRequest: for a name that no session can have.
        """
        return Session(AsyncSession(self._calls, name))

    def ping(self) -> None:
        """Return when a server is there, asked once.

        Raises:
            TransientError: when nobody answers.
            NotBackscroll: when somebody else does.
        """
        run(ping(self._wire))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        run(self._wire.close())
