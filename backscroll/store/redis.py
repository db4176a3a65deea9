"""The one place that talks to the history store's Redis.

Timeouts are short and a call is retried once: a request that hangs is worse than one that is told to
come back. A retry may replay a write whose answer was lost, so every script is safe to run twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis as redis_py
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import (
    ClusterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.retry import Retry

from backscroll.cipher import PLAIN, Cipher
from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.settings.encryption import encryption_keys
from backscroll.store import keys
from backscroll.store.scripts import Script, script

_TRIES_AGAIN = Retry(ExponentialBackoff(cap=0.2, base=0.05), 1)
_TRIES_ONCE = Retry(NoBackoff(), 0)
# Of one process at a time, and the seconds after which one that waits for its turn gives up.
_MOST_CONNECTIONS = 32
_FREE_CONNECTION = 5

# What a server answers that is there and will not serve: by its type, where the client has one (and takes the
# answer's first word off), else by that word.
_REFUSED = (OutOfMemoryError, ReadOnlyError, ClusterDownError, TryAgainError)
_REFUSALS = ("MISCONF", "NOREPLICAS", "BUSY")

Argument = str | bytes | int


def connect(url: str) -> redis_py.Redis:
    """Open a pool of connections to `url`; nothing is sent before the first call."""
    # Blocking: a thousand requests that all read when a reply has ended take turns, a millisecond each, and
    # neither fail nor open a connection each.
    pool = redis_py.BlockingConnectionPool.from_url(
        url,
        socket_timeout=1,
        socket_connect_timeout=0.5,
        retry=_TRIES_AGAIN,
        health_check_interval=15,
        max_connections=_MOST_CONNECTIONS,
        timeout=_FREE_CONNECTION,
    )
    return redis_py.Redis.from_pool(pool)


def connect_to_listen(url: str) -> redis_py.Redis:
    """Open what pub/sub listens on: whoever listens has to learn of each failure, and sees to it."""
    return redis_py.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=0.5, retry=_TRIES_ONCE, health_check_interval=0
    )


def _ciphers(settings: StoreSettings) -> Callable[[str], Cipher]:
    keys = encryption_keys(settings.encryption_keys)
    if not keys.by_id:
        return lambda _session: PLAIN
    from backscroll.sealing import Sealing  # 35 ms of cryptography, which most deployments need not pay

    return Sealing(keys.by_id, seals=keys.seals).cipher


class Store:
    """The history store: its connection and its settings. Threads may share it, forked processes not."""

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self.client = connect(settings.redis_url)
        self._ciphers = _ciphers(settings)

    def cipher(self, session: Session) -> Cipher:
        """Give what seals the values of `session` before they are stored, and opens them."""
        return self._ciphers(str(session))

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        """Run the script `name` about `session`; what it takes and gives stands at its head.

        Raises:
            StoreUnavailable: when Redis cannot be reached or cannot serve.
        """
        return self.run_many(name, [(session, args)])[0]

    def run_many(self, name: str, calls: Sequence[tuple[Session, Sequence[Argument]]]) -> list[Any]:
        """Run one script about many sessions in one round trip."""
        prepared = [
            (keys.of_session(session, self.settings.shards), session, args) for session, args in calls
        ]
        ttl = int(self.settings.session_ttl * 1000)
        return self.evaluate(
            script(name),
            [(taken, (ttl, keys.ENDED, str(session), *args)) for taken, session, args in prepared],
        )

    def evaluate(self, what: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        """Run a script with these keys and arguments, all calls in one round trip."""
        with unavailable():
            try:
                return self._send(what.sha, calls)
            except NoScriptError:
                # A new server, or one that restarted: scripts do not outlive it.
                self.client.script_load(what.text)
                return self._send(what.sha, calls)

    def _send(self, sha: str, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        if len(calls) == 1:
            taken, args = calls[0]
            return [self.client.evalsha(sha, len(taken), *taken, *args)]
        pipeline = self.client.pipeline(transaction=False)
        for taken, args in calls:
            pipeline.evalsha(sha, len(taken), *taken, *args)
        return pipeline.execute()

    def ping(self) -> None:
        """Return when Redis answers and can serve.

        Raises:
            StoreUnavailable: when it does not.
        """
        with unavailable():
            self.client.ping()

    def close(self) -> None:
        """Close every connection."""
        self.client.close()


@contextmanager
def unavailable() -> Iterator[None]:
    """Translate every way in which Redis fails to serve into the one that callers decide by."""
    try:
        yield
    except NoScriptError:
        raise
    except ResponseError as error:
        # A script that fails is a bug of ours, unless the server refuses to write or to serve.
        if isinstance(error, _REFUSED) or str(error).startswith(_REFUSALS):
            raise StoreUnavailable(f"the history store cannot serve: {error}") from None
        raise
    except RedisError as error:
        raise StoreUnavailable(f"the history store cannot be reached: {type(error).__name__}") from None


def table(flat: Sequence[bytes]) -> dict[str, bytes]:
    """Read a hash that a script returned as a flat list of names and values."""
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
