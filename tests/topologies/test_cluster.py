"""A history on a Redis Cluster of six, a broker beside it: a primary is killed while clients talk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from redis.exceptions import TimeoutError as Silent

from backscroll.settings import StoreSettings
from backscroll.store import keys, meter
from backscroll.store.redis import Store
from backscroll.store.sealed_with import sealed_with
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


@pytest.fixture
def store(cluster: ClusterOfSix) -> Iterator[Store]:
    found = Store(StoreSettings(redis_url=cluster.url))
    yield found
    found.close()


def test_requests_are_counted_for_all_processes_together(web: Web, cluster: ClusterOfSix, sid: str) -> None:
    web.api.say(sid, "Count this.")
    assert web.api.counted("backscroll_unchecked_limits_total") == 0
    assert any(each.client.keys(f"{keys.LIMITS}*") for each in cluster.primaries())


def test_what_is_asked_of_all_shards_is_asked_of_all_nodes(web: Web, store: Store, sid: str) -> None:
    before = meter.read(store).turns
    for number in range(6):
        web.api.say(f"{sid}-{number}", "One turn in a shard of its own.")
    assert meter.read(store).turns == before + 6
    assert sealed_with(store) == {}


def test_living_nodes_are_asked_all_the_same_while_another_hangs(cluster: ClusterOfSix, sid: str) -> None:
    # Half the timeout of a primary that is taken for dead: nobody takes its place here.
    with closing(Store(StoreSettings(redis_url=cluster.url, store_timeout=0.8))) as store:
        names = [f"bs:{{{shard}}}:{sid}" for shard in range(30)]
        store.ping()
        with cluster.primaries()[0].frozen(), pytest.raises(Silent):
            store.servers.pipelined([(name, ("SET", name, "x", "EX", 60)) for name in names])
        found = store.servers.pipelined([(name, ("GET", name)) for name in names])
    assert found.count(b"x") >= 15


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
    until("each has its replica", lambda: all(each.replicas() == 1 for each in cluster.primaries()))
    found = findings(stack)
    assert ("history replicas", "ok", "1, 1, 1 of 3 primaries") in found
    for each in cluster.primaries():
        assert ("history role", "ok", f"127.0.0.1:{each.port}: primary") in found
