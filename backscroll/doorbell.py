"""The doorbell: Celery messages that say "this session has work", and nothing else.

They carry no state and are acknowledged on arrival, or not at all: one that is lost costs the sweep's grace,
one that comes twice finds nothing to do. So a ring that fails never fails what was accepted: whoever rang
answers the session itself, or leaves it to the sweep.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import KombuError
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError

from backscroll import bells, metrics
from backscroll.bells import Bell
from backscroll.breaker import Breaker
from backscroll.broker import RINGS, celery_settings, database_beside, queue_arguments, redis_url
from backscroll.places import Places
from backscroll.session import Session
from backscroll.settings import WorkerSettings
from backscroll.store.connecting import One
from backscroll.store.refusals import why

log = logging.getLogger(__name__)

REPLIES, COMPACTION = "replies", "compaction"
_FREE_CONNECTION = 1.0

ANSWER, COMPACT = "backscroll.answer", "backscroll.compact"
# What workers are asked to tell who they are: `celery -A worker inspect backscroll`.
WHO = "backscroll"

_QUEUES = {ANSWER: REPLIES, COMPACT: COMPACTION}


def celery_app(settings: WorkerSettings, *, publishes_only: bool) -> Celery:
    """Make the Celery app of a process, the same for who rings and who answers.

    Args:
        settings: the broker's address.
        publishes_only: a web process, which must not hang on a broker that does.
    """
    app = Celery("backscroll", set_as_current=not publishes_only)
    arguments = queue_arguments(settings.broker_url)
    app.conf.update(
        task_queues=[
            Queue(name, Exchange(name), routing_key=name, queue_arguments=arguments)
            for name in (REPLIES, COMPACTION)
        ],
        task_default_queue=REPLIES,
        task_routes={task: {"queue": queue} for task, queue in _QUEUES.items()},
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=1.0,
        **celery_settings(settings.broker_url, publishes_only=publishes_only),
    )
    return app


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as it tells of itself. `time` is its clock, in seconds since 1970."""

    name: str
    version: str
    pid: int
    queues: tuple[str, ...]
    time: float


class Doorbell:
    """Rings for sessions at a broker.

    Celery rings, but where the broker is a Redis: there a bell is put straight into its queue's list.

    Args:
        settings: the broker's address.
        probe_interval: seconds between two looks while it is down.
        history_url: the history store's address, for who accepts messages; see `beside`.
    """

    def __init__(self, settings: WorkerSettings, *, probe_interval: float, history_url: str = "") -> None:
        # Not a worker's app: with a consumer's patience a ring would hang on a broker that does.
        self._app = app = celery_app(settings, publishes_only=True)
        url, most = redis_url(settings.broker_url), app.conf.broker_pool_limit
        self._redis = One(url, RINGS, most) if url else None
        self._database = database_beside(settings.broker_url, history_url) if history_url else None
        self._breaker = Breaker("broker", probe_interval=probe_interval, probe=self._answers)
        self._refused = False
        # As many as there are connections: who waits for one behind a ring that hangs asks the breaker anew.
        self._places = Places(most)

    def ring(self, session: Session) -> bool:
        """Call a reply worker to `session`. False when the broker did not take it."""
        return self._ring(ANSWER, session)

    def ring_compaction(self, session: Session) -> bool:
        """Call a compaction worker to `session`. False when the broker did not take it."""
        return self._ring(COMPACT, session)

    def beside(self, session: Session) -> Bell | None:
        """Give the bell that calls a reply worker to `session`, to be rung by who writes the history.

        Where the broker is a database of the same server, a message is accepted and its bell rung in one
        step: a round trip less, and nothing can come between them. None where it is elsewhere.
        """
        if self._database is None:
            return None
        return Bell(self._database, REPLIES, bells.encode(ANSWER, REPLIES, (session.tenant, session.id)))

    def heard(self) -> bool:
        """Tell whether the broker can be reached; while it is known to be down, without asking it."""
        if not self._breaker.admits():
            return False
        if self._answers():
            return True
        self._breaker.failed("no connection")
        return False

    def workers(self, seconds: float) -> list[Worker]:
        """Ask the workers who they are, and give those that answer within `seconds`; none in an outage."""
        try:
            answers = self._app.control.broadcast(WHO, reply=True, timeout=seconds) or []
        except self._errors() as error:
            log.warning("workers not asked: %s", type(error).__name__)
            return []
        told = [(name, answer) for found in answers for name, answer in found.items() if "version" in answer]
        return [msgspec.convert({**answer, "name": name}, Worker) for name, answer in told]

    def waiting(self) -> dict[str, int] | None:
        """Count the bells that no worker has taken yet, by queue; None when the broker cannot be asked."""
        if not self._breaker.admits():
            return None
        try:
            connection: Any  # the stubs take it for a producer
            with self._app.pool.acquire(block=True, timeout=_FREE_CONNECTION) as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)
                queues = [queue(connection.default_channel) for queue in self._app.conf.task_queues]
                return {queue.name: queue.queue_declare().message_count for queue in queues}
        except self._errors() as error:
            self._breaker.failed(type(error).__name__)
            return None

    def close(self) -> None:
        """Close the connections to the broker."""
        self._breaker.dispose()
        if self._redis is not None:
            self._redis.close()
        self._app.close()

    def _errors(self) -> tuple[type[BaseException], ...]:
        """Give what talking to the broker may raise: kombu's errors, and those of the library below it.

        Asked when something was raised: RabbitMQ's library is loaded only where it is the broker.
        """
        with self._app.connection_for_write() as connection:
            known = (*connection.connection_errors, *connection.channel_errors)
        return (KombuError, RedisError, OSError, *known)

    def _refusals(self) -> tuple[type[BaseException], ...]:
        """Give what a broker says that is there and will not take a bell."""
        with self._app.connection_for_write() as connection:
            return (ResponseError, *connection.channel_errors)

    def _ring(self, task: str, session: Session) -> bool:
        self._places.take()
        try:
            rung = self._breaker.admits() and self._sent(task, session)
        finally:
            self._places.leave()
        if not rung:
            metrics.PUBLISH_FAILURES.inc()
        return rung

    def _sent(self, task: str, session: Session) -> bool:
        try:
            self._send(task, (session.tenant, session.id))
        except self._errors() as error:
            cause = error.__cause__ or error  # kombu's own errors hide whose they are
            if isinstance(cause, self._refusals()):
                self._refuses(why(cause))
            else:
                self._breaker.failed(why(cause))
            return False
        self._refused = False
        self._breaker.succeeded()
        return True

    def _send(self, task: str, args: tuple[str, ...]) -> None:
        if self._redis is None:
            self._app.send_task(task, args=args, retry=False)
            return
        queue = _QUEUES[task]
        words = ("LPUSH", queue, bells.encode(task, queue, args))
        try:
            self._redis.send(words)
        except Disconnected:
            # Perhaps it was only cut since the last bell; and one that rings twice does no harm.
            self._redis.send(words)

    def _refuses(self, reason: str) -> None:
        # It is there, and full or read-only: it says so at once, and a probe would find it well.
        if not self._refused:
            log.warning("the broker takes no bells: %s", reason)
        self._refused = True

    def _answers(self) -> bool:
        """Tell whether the broker answers, on a connection that may be used again."""
        try:
            connection: Any  # the stubs take it for a producer
            with self._app.pool.acquire(block=True, timeout=_FREE_CONNECTION) as connection:
                # To one that stands already, or that broke meanwhile, the first line alone would not talk.
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=1)
                channel = connection.default_channel
                try:
                    channel.queue_declare(REPLIES, passive=True)
                except connection.channel_errors:
                    log.debug("the broker has no queue yet")
        except self._errors() as error:
            log.debug("the broker does not answer: %s", why(error))
            return False
        return True
