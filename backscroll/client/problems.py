"""What went wrong as errors, each by the decision that it causes: backscroll/errors.py has the tree.

Three more are known to clients alone: the reply has not ended in time, the server broke over the request,
and what answers is no Backscroll at all. No error repeats what was sent, an API key least of all.
"""

from __future__ import annotations

import httpx2
import msgspec

from backscroll.errors import (
    BackscrollError,
    BusyError,
    InboxFull,
    InvalidRequest,
    Malformed,
    NotFound,
    PermanentError,
    RateLimited,
    SessionBusy,
    TokensSpent,
    TooLarge,
    TooManySessions,
    TransientError,
    Unauthorized,
)

_NO_ROOM: dict[str, type[InboxFull | RateLimited | TooManySessions | TokensSpent]] = {
    "inbox_full": InboxFull,
    "rate_limited": RateLimited,
    "too_many_sessions": TooManySessions,
    "token_budget_spent": TokensSpent,
}
_COME_AGAIN = frozenset({502, 503, 504})


class NotEnded(TransientError):
    """The reply has not ended in the time that was given; it goes on, and can be waited for again."""

    def __init__(self, reply_id: str) -> None:
        super().__init__("not_ended", f"the reply {reply_id} has not ended yet")
        self.reply_id = reply_id


class ServerBroke(PermanentError):
    """The server broke over the request, which may have had its effect all the same."""


class NotBackscroll(PermanentError):
    """What answers does not speak as Backscroll does."""

    def __init__(self, message: str) -> None:
        super().__init__("not_backscroll", message)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document; what a gateway says instead may be none."""

    code: str = "unknown"
    title: str = ""
    detail: str = ""
    field: str = "request"


def from_response(response: httpx2.Response) -> BackscrollError:
    """Give the error that a response stands for."""
    status = response.status_code
    try:
        problem = msgspec.json.decode(response.content, type=Problem)
    except msgspec.MsgspecError:
        problem = Problem(code=f"http_{status}", title=response.reason_phrase)
    where = f"{response.url.scheme}://{response.url.netloc.decode('ascii')}"
    return from_problem(status, problem, where=where, delay=_retry_after(response))


def from_problem(
    status: int, problem: Problem, *, where: str = "the server", delay: float | None = None
) -> BackscrollError:
    """Give the error that a problem document stands for.

    Args:
        status: of HTTP.
        problem: the document.
        where: who said so.
        delay: the seconds after which the server asks to be asked again.
    """
    said = problem.detail or problem.title or f"{where} answers {status}"
    if status in _COME_AGAIN:
        return TransientError(problem.code, f"{where} answers {status} ({problem.code}): {said}", delay=delay)
    if status >= 500:
        return ServerBroke(problem.code, f"{where} answers {status} ({problem.code}): {said}")
    if status == 401:
        return Unauthorized(said)
    if status == 404:
        return NotFound(said)
    if status == 429:
        pause = 1.0 if delay is None else delay
        kind = _NO_ROOM.get(problem.code)
        return kind(said, delay=pause) if kind else BusyError(problem.code, said, delay=pause)
    if problem.code == "session_busy":
        return SessionBusy(said, delay=1.0 if delay is None else delay)
    return _refused(status, problem, said)


def _refused(status: int, problem: Problem, said: str) -> PermanentError:
    if problem.code == "malformed":
        return Malformed(problem.field, said)
    if status == 413:
        return TooLarge(problem.field, said, code=problem.code)
    if status in (400, 422):
        return InvalidRequest(problem.field, said, code=problem.code)
    return PermanentError(problem.code, said)


def from_transport(where: str, error: httpx2.RequestError) -> BackscrollError:
    """Give the error for a request that had no answer."""
    if isinstance(error, httpx2.SSEError):
        return NotBackscroll(f"{where} answers with something else than events: {error}")
    return TransientError("unreachable", f"{where} does not answer ({str(error) or type(error).__name__})")


def _retry_after(response: httpx2.Response) -> float | None:
    """Read seconds; a date, which some gateway may send, leaves the pause to us."""
    raw = response.headers.get("Retry-After", "")
    return float(raw) if raw.isdecimal() else None
