"""The doorbell: Celery messages that say "this session has work", and nothing else.

They carry no state and are acknowledged on arrival: one that is lost costs the sweep's grace, one that
comes twice finds nothing to do. So a ring that fails is logged, and never fails what was accepted.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from backscroll.session import Session
from backscroll.settings import WorkerSettings

log = logging.getLogger(__name__)

REPLIES, COMPACTION = "replies", "compaction"
ANSWER, COMPACT = "backscroll.answer", "backscroll.compact"
# What workers are asked to tell who they are: `celery -A worker inspect backscroll`.
WHO = "backscroll"


def celery_app(settings: WorkerSettings, *, publishes_only: bool) -> Celery:
    """Make the Celery app of a process, the same for who rings and who answers.

    Args:
        settings: the broker's address.
        publishes_only: a web process, which must not hang on a broker that does.
    """
    app = Celery("backscroll", broker=settings.broker_url, set_as_current=not publishes_only)
    app.conf.update(
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in (REPLIES, COMPACTION)],
        task_default_queue=REPLIES,
        task_routes={ANSWER: {"queue": REPLIES}, COMPACT: {"queue": COMPACTION}},
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=1.0,
        broker_transport_options=_publishing() if publishes_only else _consuming(),
    )
    return app


def _publishing() -> dict[str, Any]:
    return {"socket_timeout": 1, "socket_connect_timeout": 0.5, "max_retries": 0}


def _consuming() -> dict[str, Any]:
    return {
        "socket_timeout": 5,  # without one, a half-open connection hangs a worker for ever
        "socket_connect_timeout": 2,
        "health_check_interval": 5,
        "visibility_timeout": 60,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as it tells of itself. `time` is its clock, in seconds since 1970."""

    name: str
    version: str
    pid: int
    queues: tuple[str, ...]
    time: float


class Doorbell:
    """Rings for sessions over a Celery app."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def ring(self, session: Session) -> bool:
        """Call a reply worker to `session`. False when the broker did not take it."""
        return self._ring(ANSWER, session)

    def ring_compaction(self, session: Session) -> bool:
        """Call a compaction worker to `session`. False when the broker did not take it."""
        return self._ring(COMPACT, session)

    def heard(self) -> bool:
        """Tell whether the broker can be reached."""
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=1)
        except (KombuError, RedisError, OSError):
            return False
        return True

    def workers(self, seconds: float) -> list[Worker]:
        """Ask the workers who they are, and give those that answer within `seconds`; none in an outage."""
        try:
            answers = self._app.control.broadcast(WHO, reply=True, timeout=seconds) or []
        except (KombuError, RedisError, OSError) as error:
            log.warning("workers not asked: %s", type(error).__name__)
            return []
        told = [(name, answer) for found in answers for name, answer in found.items() if "version" in answer]
        return [msgspec.convert({**answer, "name": name}, Worker) for name, answer in told]

    def waiting(self) -> dict[str, int] | None:
        """Count the rings that no worker has taken yet, by queue; None when the broker cannot be asked."""
        try:
            with self._app.connection_for_write() as connection:
                channel = connection.default_channel
                declared = {
                    queue.name: queue(channel).queue_declare() for queue in self._app.conf.task_queues
                }
                return {name: said.message_count for name, said in declared.items()}
        except (KombuError, RedisError, OSError) as error:
            log.warning("queues not asked: %s", type(error).__name__)
            return None

    def close(self) -> None:
        """Close the connections to the broker."""
        self._app.close()

    def _ring(self, task: str, session: Session) -> bool:
        try:
            self._app.send_task(task, args=(session.tenant, session.id), retry=False)
        except (KombuError, RedisError, OSError) as error:
            log.warning("doorbell not rung: task=%s error=%s", task, type(error).__name__)
            return False
        return True
