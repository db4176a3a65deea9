"""Bells over RabbitMQ with quorum queues: turns are answered by workers, also when it dies and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import amqp
import pytest

from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack, Web
from tests.topologies.doctor import findings
from tests.topologies.rabbit import PROGRAM, Rabbit
from tests.topologies.talking import complaints, talking

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists(), reason="no RabbitMQ here: apt-get install rabbitmq-server brings it"
)

INLINE, DOWN = "backscroll_inline_sessions_total", "backscroll_breaker_open"


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    found = Rabbit(tmp_path_factory.mktemp("rabbit"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    redis_server: EmbeddedRedis,
    rabbit: Rabbit,
    offline_model: OfflineModel,
) -> Iterator[Stack]:
    found = Stack(
        tmp_path_factory.mktemp("stack"),
        redis_server.url,
        rabbit.url,
        offline_model,
        BACKSCROLL_PROBE_INTERVAL="0.2",
        BACKSCROLL_RING_GRACE="30",  # nothing is found by the sweep: a bell that does not ring is seen
        BACKSCROLL_SWEEP_INTERVAL="0.25",
    )
    found.start("replies")
    yield found
    ended = [process.name for process in found.processes if not process.running]
    found.stop()
    assert ended == [], "a broker that dies is no reason to end"


@pytest.fixture
def web(stack: Stack) -> Web:
    return stack.have_web()


def test_a_worker_hears_the_bell_and_answers(web: Web, sid: str) -> None:
    assert web.api.say(sid, "Is anybody there?")["attempts"] == 1
    assert web.api.counted(INLINE) == 0


def test_both_queues_are_quorum_queues_and_none_is_for_delays(web: Web, rabbit: Rabbit) -> None:
    with amqp.Connection(f"127.0.0.1:{rabbit.port}") as connection:
        for queue in ("replies", "compaction"):
            declared = {"durable": True, "auto_delete": False, "arguments": {"x-queue-type": "quorum"}}
            connection.channel().queue_declare(queue, **declared)  # refused where it is any other
        with pytest.raises(amqp.NotFound):
            connection.channel().exchange_declare("celery_delayed_0", "topic", passive=True)


def test_the_doctor_hears_of_the_workers(stack: Stack) -> None:
    found = findings(stack)
    assert ("broker", "ok", "reached") in found
    assert [level for check, level, _ in found if check == "workers of replies"] == ["ok"]


def test_turns_go_on_while_it_is_away_and_workers_come_back_to_it(
    web: Web, stack: Stack, rabbit: Rabbit
) -> None:
    (worker,) = (process for process in stack.processes if process.name.startswith("replies"))
    with talking(web.api.url, 3) as talk:
        talk.until_answered(6)
        rabbit.kill()
        until("the web process answers by itself", lambda: web.api.counted(INLINE) > 0)
        rabbit.start()
        until("the worker is back", lambda: worker.output.count("Connected to amqp://") == 2)
        until("the web process rings again", lambda: web.api.counted(DOWN, dependency="broker") == 0)
        inline = web.api.counted(INLINE)
        talk.until_answered(6)
        assert web.api.counted(INLINE) <= inline + len(talk.clients), "what was begun, and no more"
    assert complaints(web.api.url, talk, stack.spool) == []
