"""History and broker behind three Sentinels: the primary is killed while clients talk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.conditions import until
from tests.stack.expiry import eternal
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack, Web
from tests.topologies.doctor import findings
from tests.topologies.servers import Sentinels
from tests.topologies.talking import complaints, talking


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    found = Sentinels(tmp_path_factory.mktemp("sentinels"))
    yield found
    left = eternal(found.primary().client)
    found.stop()
    assert left == []


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, sentinels: Sentinels, offline_model: OfflineModel
) -> Iterator[Stack]:
    found = Stack(
        tmp_path_factory.mktemp("stack"),
        sentinels.url(0),
        sentinels.url(1),
        offline_model,
        BACKSCROLL_PROBE_INTERVAL="0.2",
    )
    found.start("replies")
    yield found
    ended = [process.name for process in found.processes if not process.running]
    found.stop()
    assert ended == [], "a failover is no reason to end"


@pytest.fixture
def web(stack: Stack) -> Web:
    return stack.have_web()


def test_the_doctor_sees_the_primary_its_replica_and_the_workers(stack: Stack) -> None:
    found = findings(stack)
    assert ("history role", "ok", "primary") in found
    assert ("history replicas", "ok", "1 of 1 primaries") in found
    assert ("broker", "ok", "reached") in found
    assert [level for check, level, _ in found if check == "workers of replies"] == ["ok"]


def test_turns_go_on_when_the_primary_dies_and_none_is_lost(
    web: Web, stack: Stack, sentinels: Sentinels
) -> None:
    with talking(web.api.url, 4) as talk:
        talk.until_answered(8)
        dead = sentinels.primary()
        dead.kill()
        until("another one is primary", lambda: sentinels.primary() is not dead)
        talk.until_answered(8)
    assert complaints(web.api.url, talk, stack.spool) == []
