"""What Redis says when it does not serve, as the one error that callers decide by."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import (
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)

from backscroll.errors import StoreUnavailable

# What a server answers that is there and will not serve: by its type, where the client has one (and takes the
# answer's first word off), else by that word.
_REFUSED = (OutOfMemoryError, ReadOnlyError, TryAgainError)
_REFUSALS = ("MISCONF", "NOREPLICAS", "BUSY")
# … and what, where it is a script's command that its users may not call.
_DENIED = "ACL failure in script"
# What stands in each error of a script itself.
_OF_A_SCRIPT = "user_script:"


@contextmanager
def unavailable() -> Iterator[None]:
    """Translate every way in which Redis fails to serve into the one that callers decide by.

    Raises:
        StoreUnavailable: it cannot be reached, or it will not serve, whatever it calls that.
        redis.exceptions.ResponseError: a script failed. That is a bug of ours, or what is stored is damaged:
            it would fail again, and belongs among what nobody expected.
    """
    try:
        yield
    except (ClusterDownError, RedisClusterException) as error:
        said = "a part of its Cluster is away" if isinstance(error, ClusterDownError) else why(error)
        raise StoreUnavailable(f"the history store cannot be reached: {said}") from None
    except ResponseError as error:
        reason = _refusal(error)
        if not reason:
            raise
        raise StoreUnavailable(f"the history store cannot serve: {reason}", refused=True) from None
    except RedisError as error:
        raise StoreUnavailable(f"the history store cannot be reached: {why(error)}") from None


def _refusal(error: ResponseError) -> str:
    """Say why a server refuses to serve; '' where it does serve, and a script of ours fails."""
    said = str(error)
    if isinstance(error, NoPermissionError) or said.startswith(_DENIED):
        return "its ACL refuses us; see ACL LOG"
    if isinstance(error, _REFUSED) or said.startswith(_REFUSALS):
        return said
    if _OF_A_SCRIPT in said:
        return ""
    if type(error) is not ResponseError:
        return f"it says {type(error).__name__}"
    # All further words of what nobody knows may quote what was sent.
    word = re.match(r"[A-Z]+\b", said)
    return f"it says {word[0] if word else 'ERR'}"


def why(error: BaseException) -> str:
    """Name what went wrong: where it is TLS, what about it, since it takes somebody to mend that."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return str(getattr(cause, "verify_message", "") or cause.reason or type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
