"""A broker of any kind that will not take a bell fails nobody who rings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from amqp.exceptions import AccessRefused, ConnectionForced, PreconditionFailed

from backscroll.doorbell import Doorbell, celery_app
from backscroll.session import Session
from backscroll.settings import WorkerSettings

SESSION = Session("tests", "s")


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Doorbell]:
    """A bell at a RabbitMQ that answers as the test wants."""
    app = celery_app(WorkerSettings(broker_url="amqp://nobody@127.0.0.1:1//"), publishes_only=True)

    def refuse(*_: object, **__: object) -> None:
        raise request.param("said by RabbitMQ")

    monkeypatch.setattr(app, "send_task", refuse)
    found = Doorbell(app, probe_interval=60)
    yield found
    found.close()


@pytest.mark.parametrize("bell", [PreconditionFailed, AccessRefused, ConnectionForced], indirect=True)
def test_what_rabbitmq_raises_is_a_bell_that_is_not_rung(bell: Doorbell) -> None:
    assert not bell.ring(SESSION)
    assert not bell.heard()
    assert bell.waiting() is None


@pytest.mark.parametrize(("url", "acknowledges"), [("redis://a/0", False), ("amqp://rabbit//", True)])
def test_a_bell_is_acknowledged_only_where_the_broker_counts_those_that_are_not(
    url: str, *, acknowledges: bool
) -> None:
    app = celery_app(WorkerSettings(broker_url=url), publishes_only=False)
    assert [queue.no_ack for queue in app.conf.task_queues] == [not acknowledges] * 2
