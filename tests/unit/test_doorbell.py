"""A broker of any kind that will not take a bell fails nobody who rings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from amqp.exceptions import AccessRefused, ConnectionForced, PreconditionFailed
from celery import Celery

from backscroll.doorbell import Doorbell
from backscroll.session import Session
from backscroll.settings import WorkerSettings

SESSION = Session("tests", "s")


@pytest.fixture
def bell(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Doorbell]:
    """A bell at a RabbitMQ that answers as the test wants."""

    def refuse(*_: object, **__: object) -> None:
        raise request.param("said by RabbitMQ")

    monkeypatch.setattr(Celery, "send_task", refuse)
    found = Doorbell(WorkerSettings(broker_url="amqp://nobody@127.0.0.1:1//"), probe_interval=60)
    yield found
    found.close()


@pytest.mark.parametrize("bell", [PreconditionFailed, AccessRefused, ConnectionForced], indirect=True)
def test_what_rabbitmq_raises_is_a_bell_that_is_not_rung(bell: Doorbell) -> None:
    assert not bell.ring(SESSION)
    assert not bell.heard()
    assert bell.waiting() is None
