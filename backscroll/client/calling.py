"""One call to the server, made again until it is served: a restart of the web process loses nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx2
import msgspec
import tenacity

from backscroll.client import problems
from backscroll.client.wire import ANSWER, Wire
from backscroll.errors import BusyError, InvalidRequest, SessionBusy, TransientError

T = TypeVar("T")

_backoff = tenacity.wait_random_exponential(multiplier=0.2, max=5)  # with full jitter


class Deadline:
    """A time by which something is to be done; None is never."""

    def __init__(self, seconds: float | None) -> None:
        self.at = math.inf if seconds is None else time.monotonic() + seconds

    def left(self) -> float:
        """Give the seconds that are left, 0 when it is over."""
        return max(0.0, self.at - time.monotonic())


NEVER = Deadline(None)


class Calls:
    """Calls to one server.

    Args:
        wire: how it is reached.
        patience: seconds for which a call is made again, from when it first could not be served.
    """

    def __init__(self, wire: Wire, patience: float) -> None:
        self.wire = wire
        self._patience = patience

    async def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        wait: float = 0.0,
        deadline: Deadline = NEVER,
    ) -> T:
        """Make a call that is safe to make again, until it is served, and read the answer.

        Args:
            method: of HTTP.
            path: below the server's URL.
            kind: what the answer is.
            body: sent as JSON, where there is one.
            headers: for this call.
            params: the query.
            wait: seconds for which the server was asked to wait with its answer.
            deadline: when to give up, if patience does not end before.

        Raises:
            TransientError: when the server did not serve in time.
            BusyError: when it turned the call away as long.
            PermanentError: when it refuses, or answers something else than expected.
        """
        more: dict[str, Any] = {"headers": dict(headers or {}), "params": params}
        if body is not None:
            more["content"] = _encoded(body)
            more["headers"]["Content-Type"] = "application/json"

        async def once() -> httpx2.Response:
            return await self.once(method, path, read=ANSWER + wait, **more)

        return read(await self.again(once, deadline), kind)

    async def once(self, method: str, path: str, *, read: float = ANSWER, **more: Any) -> httpx2.Response:
        """Make a call once.

        Raises:
            BackscrollError: when it was not served.
        """
        try:
            response = await self.wire.request(method, path, read=read, **more)
        except httpx2.RequestError as error:
            raise problems.from_transport(self.wire.url, error) from None
        if not response.is_success:
            raise problems.from_response(response)
        return response

    async def again(self, once: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
        """Do something again and again while its error passes, with pauses, until patience ends."""
        failing = Deadline(None)

        def enough(state: tenacity.RetryCallState) -> bool:
            if state.attempt_number == 1:
                failing.at = time.monotonic() + self._patience
            return state.upcoming_sleep >= min(failing.left(), deadline.left())

        return await tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_passes),
            wait=_pause,
            stop=enough,
            sleep=self.wire.sleep,
            reraise=True,
        )(once)


def _passes(error: BaseException) -> bool:
    # A client that wanted to be turned away is.
    return isinstance(error, TransientError | BusyError) and not isinstance(error, SessionBusy)


def _pause(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.delay if isinstance(error, TransientError | BusyError) else None
    return _backoff(state) if asked is None else asked


def _encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # a lone surrogate, as the shell's arguments may hold one
        raise InvalidRequest("body", "what is to be sent is no text: UTF-8 cannot hold it") from None


def read(response: httpx2.Response, kind: type[T]) -> T:
    """Read the body of a response.

    Raises:
        NotBackscroll: when it is not what Backscroll would have said.
    """
    if kind is bytes:
        return response.content  # type: ignore[return-value]  # T is bytes here
    try:
        return msgspec.json.decode(response.content or b"null", type=kind)
    except msgspec.MsgspecError as error:
        said = f"{response.url} answers {response.status_code} with something else than expected: {error}"
        raise problems.NotBackscroll(said) from None
