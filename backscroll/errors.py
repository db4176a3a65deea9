"""Every error of Backscroll, named by the decision that it causes.

    BackscrollError
    ├── TransientError          try again: the same request may succeed later
    │   ├── StoreUnavailable    … and the history store is what is down
    │   ├── ModelUnavailable    … and the model is what is down: another one may answer
    │   └── Sealed              … once the operator has seen to the encryption keys; nothing is lost meanwhile
    ├── PermanentError          do not try again: the same request will fail the same way
    │   ├── InvalidRequest      … the caller sent something that cannot be accepted; names the field
    │   │   ├── Malformed       … because it cannot even be read
    │   │   └── TooLarge        … because there is too much of it
    │   │       └── MediaFull   … together with what the session holds already
    │   ├── Unauthorized        … the caller brought no key, or one that opens nothing
    │   ├── NotFound            … there is no such session or reply
    │   └── InvalidSetting      … the process was configured wrongly; names the variable
    ├── BusyError               nothing is wrong: come back when there is room
    │   ├── SessionBusy         … a reply is in work, and the caller did not want to queue
    │   ├── InboxFull           … too many messages wait in the session
    │   └── LimitReached        … the tenant has taken as much as it may
    │       ├── RateLimited     … of requests, in the last minute
    │       ├── TooManySessions … of sessions
    │       └── TokensSpent     … of the model's tokens, today
    ├── LeaseLost               somebody else holds the session now: drop the work, write nothing
    └── HandedBack              this process is told to end: give the work back, for others to take up

`code` is stable and meant for machines, `message` is meant for people. No error ever carries a request,
a prompt or a key: what an SDK raises is translated where it is caught and its cause is cut off.
"""

from __future__ import annotations

import traceback


def frames(error: BaseException) -> str:
    """Tell where an unexpected error came from, without its words: they may quote a message or a key."""
    return "".join(traceback.format_tb(error.__traceback__))


class BackscrollError(Exception):
    """Root of the tree: `code` for machines, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TransientError(BackscrollError):
    """Try again, after `delay` seconds where the other side named them."""

    def __init__(self, code: str, message: str, *, delay: float | None = None) -> None:
        super().__init__(code, message)
        self.delay = delay


class StoreUnavailable(TransientError):
    """The history store cannot be reached, or cannot serve at the moment.

    `refused`: it is there, and would not take this call: full, read-only, or for a reason that only it knows.
    Others it may take.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__("store_unavailable", message)
        self.refused = refused


class ModelUnavailable(TransientError):
    """The model is known to be down: it was not asked, and asking again at once would not help."""

    def __init__(self, model: str) -> None:
        super().__init__("model_unavailable", f"{model} has been failing, and is left alone until it is back")


class Sealed(TransientError):
    """A stored value does not open with the keys that this process has: leave it as it is."""

    def __init__(self, message: str) -> None:
        super().__init__("sealed", message, delay=30.0)


class PermanentError(BackscrollError):
    """The same request would fail the same way."""


class InvalidRequest(PermanentError):
    """`field` of a request holds what cannot be accepted."""

    def __init__(self, field: str, message: str, *, code: str = "invalid_request") -> None:
        super().__init__(code, message)
        self.field = field


class Malformed(InvalidRequest):
    """`field` of a request cannot be read at all."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message, code="malformed")


class TooLarge(InvalidRequest):
    """`field` of a request is larger than the limit that the message names."""

    def __init__(self, field: str, message: str, *, code: str = "too_large") -> None:
        super().__init__(field, message, code=code)


class MediaFull(TooLarge):
    """The session has no room for these media."""

    def __init__(self, message: str) -> None:
        super().__init__("parts", message, code="media_full")


class Unauthorized(PermanentError):
    """The caller is nobody who is known here."""

    def __init__(self, message: str) -> None:
        super().__init__("unauthorized", message)


class NotFound(PermanentError):
    """No such thing, or not for this tenant: the caller cannot tell the two apart."""

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)


class InvalidSetting(PermanentError):
    """The environment variable `name` holds a value that the process cannot run with."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__("invalid_setting", f"{name}: {message}")
        self.name = name


class BusyError(BackscrollError):
    """No room now; come back in `delay` seconds."""

    def __init__(self, code: str, message: str, *, delay: float) -> None:
        super().__init__(code, message)
        self.delay = delay


class SessionBusy(BusyError):
    """A reply is in work, and the caller asked to be turned away then."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__("session_busy", message, delay=delay)


class InboxFull(BusyError):
    """As many messages wait in the session as may."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__("inbox_full", message, delay=delay)


class LimitReached(BusyError):
    """A tenant has as much of something as it may; `delay` is when there is more for it."""


class RateLimited(LimitReached):
    """The tenant has made as many requests as it may in a minute."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__("rate_limited", message, delay=delay)


class TooManySessions(LimitReached):
    """The tenant has as many sessions as it may, and this would be one more."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__("too_many_sessions", message, delay=delay)


class TokensSpent(LimitReached):
    """The tenant has spent its model tokens of today."""

    def __init__(self, message: str, *, delay: float) -> None:
        super().__init__("token_budget_spent", message, delay=delay)


class LeaseLost(BackscrollError):
    """The session lock is no longer ours: what was computed under it must not be written."""

    def __init__(self) -> None:
        super().__init__("lease_lost", "the session lock passed to somebody else")


class HandedBack(BackscrollError):
    """This process is told to end, and its time to finish what is in work is over."""

    def __init__(self) -> None:
        super().__init__("handed_back", "the process ends; somebody else takes the work up")
