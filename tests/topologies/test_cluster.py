"""A history on a Redis Cluster of six, a broker beside it: a primary is killed while clients talk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.conditions import until
from tests.stack.expiry import eternal
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack, Web
from tests.topologies.doctor import findings
from tests.topologies.servers import ClusterOfSix, Server, replicated, server
from tests.topologies.talking import complaints, talking


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterOfSix]:
    found = ClusterOfSix(tmp_path_factory.mktemp("cluster"))
    yield found
    left = [key for each in found.primaries() for key in eternal(each.client)]
    found.stop()
    assert left == []


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = server(tmp_path_factory.mktemp("broker") / "redis")
    yield found
    found.stop()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    cluster: ClusterOfSix,
    broker: Server,
    offline_model: OfflineModel,
) -> Iterator[Stack]:
    found = Stack(
        tmp_path_factory.mktemp("stack"),
        cluster.url,
        f"redis://127.0.0.1:{broker.port}/0",
        offline_model,
        BACKSCROLL_PROBE_INTERVAL="0.2",
        BACKSCROLL_REQUESTS_PER_MINUTE="100000",
    )
    found.start()
    yield found
    ended = [process.name for process in found.processes if not process.running]
    found.stop()
    assert ended == [], "a failover is no reason to end"


@pytest.fixture
def web(stack: Stack) -> Web:
    return stack.have_web()


def test_turns_go_on_when_a_primary_dies_and_none_is_lost(
    web: Web, stack: Stack, cluster: ClusterOfSix
) -> None:
    with talking(web.api.url, 6) as talk:
        talk.until_answered(12)
        dead = cluster.primaries()[0]
        dead.kill()
        until("its replica is primary", lambda: len(cluster.primaries()) == 3 and cluster.serves())
        talk.until_answered(12)
    assert complaints(web.api.url, talk, stack.spool) == []
    dead.start()
    until("it follows the new one", lambda: replicated(dead.client))


def test_the_doctor_looks_at_each_primary(stack: Stack, cluster: ClusterOfSix) -> None:
    until("each has its replica", lambda: all(_replicas(each) == 1 for each in cluster.primaries()))
    found = findings(stack)
    assert ("history replicas", "ok", "1, 1, 1 of 3 primaries") in found
    for each in cluster.primaries():
        assert ("history role", "ok", f"127.0.0.1:{each.port}: primary") in found


def _replicas(primary: Server) -> int:
    count: int = primary.client.info("replication")["connected_slaves"]
    return count
