"""The one place that talks to the history store's Redis.

Timeouts are short and a call is tried twice: a request that hangs is worse than one that is told to come
back. The second try may replay a write whose answer was lost, so every script is safe to run twice. What
fails twice opens the breaker: until Redis answers a ping, all calls fail at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import redis as redis_py
from redis.exceptions import BusyLoadingError, NoScriptError, RedisClusterException, RedisError
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Silent

from backscroll import metrics
from backscroll.breaker import Breaker
from backscroll.cipher import PLAIN, Cipher
from backscroll.errors import StoreUnavailable
from backscroll.places import Places
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.settings.encryption import encryption_keys
from backscroll.settings.nodes import are_named, parsed
from backscroll.store import keys
from backscroll.store.connecting import Argument, Command, One, Servers
from backscroll.store.memory import Memory
from backscroll.store.refusals import unavailable
from backscroll.store.scripts import Script, script

log = logging.getLogger(__name__)

T = TypeVar("T")

# Of one process at a time, and the seconds after which one that waits for its turn gives up.
_MOST_CALLS = 32
_FREE_CALL = 5.0


def connect(url: str, timeout: float) -> Servers:
    """Open a pool of connections to `url`; nothing is sent before the first call.

    Args:
        url: of Redis, Sentinels, or a Cluster.
        timeout: seconds that two tries of a call may take together.
    """
    timeouts = {"socket_timeout": timeout / 2, "socket_connect_timeout": timeout / 4}
    if are_named(url) and (nodes := parsed(url)).cluster:
        from backscroll.store.cluster import Cluster  # which most deployments need not load

        return Cluster(nodes, timeouts, 2 * _MOST_CALLS)
    return One(url, timeouts, 2 * _MOST_CALLS)


def _ciphers(settings: StoreSettings) -> Callable[[str], Cipher]:
    keys = encryption_keys(settings.encryption_keys)
    if not keys.by_id:
        return lambda _session: PLAIN
    from backscroll.sealing import Sealing  # 35 ms of cryptography, which most deployments need not pay

    return Sealing(keys.by_id, seals=keys.seals).cipher


class Store:
    """The history store: its connection, its settings, and the breaker that an outage opens.

    Threads may share it, forked processes not.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self.servers = connect(settings.redis_url, settings.store_timeout)
        self.breaker = Breaker("store", probe_interval=settings.probe_interval, probe=self._answers)
        # A thousand requests that all read when a reply has ended take turns, a millisecond each, and neither
        # fail nor open a connection each.
        self._places = Places(_MOST_CALLS)
        self._refuses = False
        self._ciphers = _ciphers(settings)
        # Beside the connection: what is remembered is of this server, and was opened with these keys.
        self.memory = Memory()

    @property
    def client(self) -> redis_py.Redis:
        """Give what sends single commands, for who does so in `call`."""
        return self.servers.client

    def cipher(self, session: Session) -> Cipher:
        """Give what seals the values of `session` before they are stored, and opens them."""
        return self._ciphers(str(session))

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        """Run the script `name` about `session`; what it takes and gives stands at its head.

        Raises:
            StoreUnavailable: when Redis cannot be reached or cannot serve.
            redis.exceptions.ResponseError: when the script fails; see refusals.py.
        """
        return self.run_many(name, [(session, args)])[0]

    def run_many(self, name: str, calls: Sequence[tuple[Session, Sequence[Argument]]]) -> list[Any]:
        """Run one script about many sessions in one round trip.

        Raises:
            StoreUnavailable: when Redis cannot be reached or cannot serve, be it for one of them.
            redis.exceptions.ResponseError: when the script fails for one of them; see refusals.py.
        """
        prepared = [
            (keys.of_session(session, self.settings.shards), session, args) for session, args in calls
        ]
        ttl = int(self.settings.session_ttl * 1000)
        return self.evaluate(
            script(name),
            [(taken, (ttl, keys.ENDED, str(session), *args)) for taken, session, args in prepared],
        )

    def evaluate(self, what: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        """Run a script with these keys and arguments, all calls in one round trip.

        What is raised is raised for all of them, also where others of them were done.

        Raises:
            StoreUnavailable: when Redis cannot be reached or cannot serve.
            redis.exceptions.ResponseError: when the script fails; see refusals.py.
        """

        def send() -> list[Any]:
            try:
                return self._send(what.sha, calls)
            except NoScriptError:
                # A new server, or one that restarted: scripts do not outlive it.
                self.client.script_load(what.text)
                return self._send(what.sha, calls)

        return self.call(send, reads=what.reads)

    def call(self, act: Callable[[], T], *, reads: bool) -> T:
        """Do what talks to Redis, a second time where the first one was not heard.

        Args:
            act: what is done; safe to be done twice.
            reads: it changes nothing. For those who count what failed.

        Raises:
            StoreUnavailable: when Redis cannot be reached or cannot serve; at once, while it is known to be
                down.
            redis.exceptions.ResponseError: when a script fails; see refusals.py.
        """
        try:
            if not self._places.take(_FREE_CALL):
                raise StoreUnavailable("too many calls wait for the history store")
            try:
                result = self._tried(act)
            finally:
                self._places.leave()
        except StoreUnavailable:
            (metrics.LOAD_FAILURES if reads else metrics.SAVE_FAILURES).inc()
            raise
        if self._refuses and not reads:
            self._refuses = False
            log.warning("the history store takes writes again")
        return result

    def _tried(self, act: Callable[[], T]) -> T:
        # Asked here, where the wait for a place is over: who waited behind a call that hung need not hang.
        if not self.breaker.admits():
            raise StoreUnavailable("the history store is down")
        try:
            with unavailable():
                try:
                    result = act()
                except BusyLoadingError:
                    raise
                except (Disconnected, Silent):
                    result = act()
        except StoreUnavailable as error:
            self._judge(error)
            raise
        self.breaker.succeeded()
        return result

    def _judge(self, error: StoreUnavailable) -> None:
        if not error.refused:
            self.breaker.failed(error.message)
            return
        self.breaker.succeeded()  # it is there: what it does serve goes on
        if not self._refuses:
            self._refuses = True
            log.warning("%s", error.message)

    def _send(self, sha: str, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        if len(calls) == 1:
            taken, args = calls[0]
            return [self.servers.send(("EVALSHA", sha, len(taken), *taken, *args))]
        commands: list[Command] = [
            (taken[0], ("EVALSHA", sha, len(taken), *taken, *args)) for taken, args in calls
        ]
        return self.servers.pipelined(commands)

    def ping(self) -> None:
        """Return when Redis answers and can serve.

        Raises:
            StoreUnavailable: when it does not.
        """
        if not self.call(self.servers.answers, reads=True):
            raise StoreUnavailable("the history store cannot serve: a part of its Cluster is away")

    def _answers(self) -> bool:
        """Tell whether Redis is back; one that still loads its data answers a ping with an error."""
        try:
            return self.servers.answers()
        except (
            RedisError,
            RedisClusterException,
            OSError,
            ValueError,
        ) as error:  # the latter two where it was closed meanwhile
            log.debug("the history store is still down: %s", type(error).__name__)
            return False

    def close(self) -> None:
        """Close every connection."""
        self.breaker.dispose()
        self.memory.close()
        self.servers.close()


def table(flat: Sequence[bytes]) -> dict[str, bytes]:
    """Read a hash that a script returned as a flat list of names and values."""
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
