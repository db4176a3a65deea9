"""A history store on a Redis Cluster.

All that a script touches lies in one slot, so redis-py sends it to the right node and follows where slots
have moved. What is asked of many slots goes to each node as a pipeline of its own: redis-py's would repeat
what a node did not answer command by command, each with its own timeout.

It is there when every slot is: while a primary is being replaced, all sessions are served as in an outage.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

import redis as redis_py
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import AskError, RedisClusterException, TryAgainError
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Silent

from backscroll.settings.nodes import Nodes
from backscroll.store.connecting import LISTENING, TRIES_ONCE, Argument, Command, of_redis

_ELSEWHERE = (AskError, TryAgainError)  # and MOVED, which is an ASK to redis-py


class Cluster:
    """The primaries of a Cluster, as far as any of `nodes` knows them."""

    def __init__(self, nodes: Nodes, timeouts: dict[str, float], most: int) -> None:
        self._nodes = nodes
        self._options: dict[str, Any] = {**of_redis(nodes), **timeouts, "max_connections": most}
        self._lock = threading.Lock()
        self._cluster: Any = None  # a RedisCluster, most of which has no types

    @property
    def cluster(self) -> Any:
        """Give redis-py's client, which asks for the slots when it is made.

        Raises:
            redis.exceptions.ConnectionError: no node told.
        """
        with self._lock:
            if self._cluster is None:
                nodes: Any = ClusterNode
                start = [nodes(host, port) for host, port in self._nodes.addresses]
                try:
                    self._cluster = RedisCluster(startup_nodes=start, retry=TRIES_ONCE, **self._options)
                except RedisClusterException as error:
                    raise Disconnected(str(error)) from error
            return self._cluster

    @property
    def client(self) -> redis_py.Redis:
        """Give the same, which has the commands of any client."""
        return cast(redis_py.Redis, self.cluster)

    def send(self, words: Sequence[Argument]) -> Any:
        return self.cluster.execute_command(*words)

    def pipelined(self, commands: Sequence[Command]) -> list[Any]:
        """Send all of them, a round trip to each node; what one node does not answer, the others have got."""
        cluster = self.cluster
        by_node = defaultdict[ClusterNode, list[int]](list)
        for at, (key, _) in enumerate(commands):
            by_node[cluster.get_node_from_key(key)].append(at)
        found: list[Any] = [None] * len(commands)
        for node, places in by_node.items():
            answers = self._from(node, [commands[at] for at in places])
            for at, answer in zip(places, answers, strict=True):
                moved = isinstance(answer, _ELSEWHERE)
                found[at] = cluster.execute_command(*commands[at][1]) if moved else answer
        for answer in found:
            if isinstance(answer, Exception):
                raise answer
        return found

    def _from(self, node: ClusterNode, commands: Sequence[Command]) -> list[Any]:
        pipeline: Any = self.cluster.get_redis_connection(node).pipeline(transaction=False)
        for _, words in commands:
            pipeline.execute_command(*words)
        try:
            answers: list[Any] = pipeline.execute(raise_on_error=False)
        except (Disconnected, Silent) as error:
            self._relearn(node)
            return [error] * len(commands)
        return answers

    def _relearn(self, failed: ClusterNode) -> None:
        """Ask the others who is primary of what by now."""
        self.cluster.nodes_manager.initialize(last_failed_node_name=failed.name)

    def primaries(self) -> list[redis_py.Redis]:
        cluster = self.cluster
        return [cluster.get_redis_connection(node) for node in cluster.get_primaries()]

    def answers(self) -> bool:
        """Tell whether every primary answers, and has all slots served."""
        cluster = self.cluster
        for node in cluster.get_primaries():
            try:
                told = cluster.get_redis_connection(node).execute_command("CLUSTER INFO")
            except (Disconnected, Silent):
                self._relearn(node)
                return False
            if told["cluster_state"] != "ok":
                return False
        return True

    def listening(self) -> redis_py.Redis:
        """Open what listens to one node, which hears what is published on any; each time to another one."""
        found = [(node.host, node.port) for node in self.cluster.get_primaries()]
        host, port = random.choice(found)  # nosec B311 # no secret
        return redis_py.Redis(host=host, port=port, retry=TRIES_ONCE, **of_redis(self._nodes), **LISTENING)

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
