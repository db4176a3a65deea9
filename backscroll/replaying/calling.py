"""One call to the server, made again until it is served: a restart of the web process loses nothing."""

from __future__ import annotations

from typing import Any, TypeVar

import httpx2
import msgspec
import tenacity

from backscroll.errors import PermanentError, TransientError
from backscroll.replaying.wire import Problem

T = TypeVar("T")

PATIENCE = 120.0
_COME_AGAIN = frozenset({429, 502, 503, 504})


async def call(
    http: httpx2.AsyncClient, method: str, path: str, *, patience: float = PATIENCE, **request: Any
) -> httpx2.Response:
    """Make a request, and make it again while the server cannot be reached or asks for that.

    Args:
        http: the server.
        method: GET or POST; a POST must carry an Idempotency-Key.
        path: below the base URL.
        patience: seconds for all tries together.
        request: what else httpx2 takes for a request.

    Returns:
        The response, which may still be an error that does not pass.

    Raises:
        TransientError: when the server did not serve within `patience`.
    """

    async def once() -> httpx2.Response:
        try:
            response = await http.request(method, path, **request)
        except httpx2.RequestError as error:
            said = f"{_where(http)} does not answer any more ({_short(error)})"
            raise TransientError("unreachable", said) from None
        if response.status_code in _COME_AGAIN:
            code = problem(response)
            said = f"{_where(http)} answers {response.status_code} ({code}) again and again"
            raise TransientError(code, said, delay=_retry_after(response))
        return response

    return await tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(TransientError),
        wait=_wait,
        stop=tenacity.stop_before_delay(patience),
        reraise=True,
    )(once)


_backoff = tenacity.wait_random_exponential(multiplier=0.2, max=5)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, TransientError) and error.delay is not None:
        return error.delay
    return _backoff(state)


def _retry_after(response: httpx2.Response) -> float | None:
    """Read seconds; a date, which some gateway may send, leaves the pause to us."""
    raw = response.headers.get("Retry-After", "")
    return float(raw) if raw.isdecimal() else None


def problem(response: httpx2.Response) -> str:
    """Give the code of an error response, or its status where it carries none."""
    try:
        return msgspec.json.decode(response.content, type=Problem).code
    except msgspec.MsgspecError:
        return f"http_{response.status_code}"


def body(response: httpx2.Response, kind: type[T]) -> T:
    """Read the body of a response.

    Raises:
        PermanentError: when it is not what Backscroll would have said.
    """
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.MsgspecError as error:
        said = f"{response.url} answers {response.status_code} with something else than expected: {error}"
        raise PermanentError("not_backscroll", said) from None


async def find_server(http: httpx2.AsyncClient) -> None:
    """Return when a Backscroll server is there.

    Raises:
        TransientError: when nobody answers.
        PermanentError: when somebody else does.
    """
    try:
        response = await http.get("/healthz")
    except httpx2.RequestError as error:
        said = f"no server answers at {_where(http)} ({_short(error)})"
        raise TransientError("unreachable", said) from None
    if response.status_code != 200 or b'"alive"' not in response.content:
        said = f"what listens at {_where(http)} is not Backscroll: /healthz answers {response.status_code}"
        raise PermanentError("not_backscroll", said)


def _where(http: httpx2.AsyncClient) -> str:
    return str(http.base_url).rstrip("/")


def _short(error: httpx2.RequestError) -> str:
    return str(error) or type(error).__name__
