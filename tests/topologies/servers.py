"""Servers of a topology on loopback, from the same binary that everything else is tested on."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis as redis_py
from redis.exceptions import RedisError

from backscroll.running import embedded_redis
from tests.stack.conditions import until
from tests.stack.processes import free_port

_SETTINGS = {
    "bind": "127.0.0.1",
    "appendonly": "yes",
    "appendfsync": "no",  # nobody pulls the plug
    "save": "",
    "maxmemory-policy": "noeviction",
    "repl-diskless-sync-delay": "0",
}


class Server:
    """One server, or one Sentinel, of which a test knows the port and may end it."""

    def __init__(self, directory: Path, port: int, settings: dict[str, str], *words: str) -> None:
        directory.mkdir()
        self.port = port
        config = directory / "server.conf"
        lines = {"port": str(port), "dir": str(directory), **settings}
        config.write_text("".join(f"{name} {value or chr(34) * 2}\n" for name, value in lines.items()))
        self._command = [embedded_redis.find_binary().path, str(config), *words]
        self._log = directory / "server.log"
        self.client = redis_py.Redis(port=port, socket_timeout=2)
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)
        until(f"port {self.port} answers", self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()[-2000:]
        try:
            return bool(self.client.ping())
        except RedisError:
            return False

    def kill(self) -> None:
        """End it as a power cut would, when its replica has all that anybody was told.

        Replication is asynchronous: what a primary acknowledged in its last milliseconds, it may alone have
        known. So it takes no more writes at its end; those that wait for it were told nothing.
        """
        self.client.execute_command("CLIENT PAUSE", 10_000, "WRITE")
        until("its replica has all of it", self._is_replicated)
        self.process.kill()
        self.process.wait()

    def replicas(self) -> int:
        """Count the replicas that follow it."""
        count: int = self.client.info("replication")["connected_slaves"]
        return count

    def _is_replicated(self) -> bool:
        found = self.client.info("replication")
        return found["slave0"]["offset"] >= found["master_repl_offset"]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it: connections stand, and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()


def server(directory: Path, **settings: str) -> Server:
    """Start a server that keeps what it is given."""
    return Server(directory, free_port(), {**_SETTINGS, **settings})


def replicated(replica: redis_py.Redis) -> bool:
    """Tell whether a replica follows its primary."""
    return replica.info("replication").get("master_link_status") == "up"


class Sentinels:
    """A primary with a replica, and three Sentinels that watch them."""

    SERVICE = "history"

    def __init__(self, directory: Path) -> None:
        primary = server(directory / "primary")
        replica = server(directory / "replica", replicaof=f"127.0.0.1 {primary.port}")
        self.servers = [primary, replica]
        watch = f"sentinel monitor {self.SERVICE} 127.0.0.1 {primary.port} 2\n"
        self.sentinels = [self._sentinel(directory / f"sentinel-{number}", watch) for number in range(3)]
        until("the replica follows", lambda: replicated(replica.client))
        until("the Sentinels know one another and the replica", self._complete)

    def _sentinel(self, directory: Path, watch: str) -> Server:
        settings = {
            "bind": "127.0.0.1",
            f"sentinel monitor {self.SERVICE}": watch.split(self.SERVICE)[1].strip(),
            f"sentinel down-after-milliseconds {self.SERVICE}": "1000",
            f"sentinel failover-timeout {self.SERVICE}": "5000",
        }
        return Server(directory, free_port(), settings, "--sentinel")

    def _complete(self) -> bool:
        states = [each.client.sentinel_master(self.SERVICE) for each in self.sentinels]
        return all(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1 for state in states)

    def url(self, database: int) -> str:
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        return f"redis+sentinel://{hosts}/{self.SERVICE}/{database}"

    def primary(self) -> Server:
        """Give the server that most Sentinels name."""
        ports = [each.client.sentinel_get_master_addr_by_name(self.SERVICE)[1] for each in self.sentinels]
        port = max(set(ports), key=ports.count)
        return next(each for each in self.servers if each.port == port)

    def stop(self) -> None:
        for each in (*self.sentinels, *self.servers):
            each.stop()


class ClusterOfSix:
    """Three primaries with a replica each."""

    SLOTS = 16384

    def __init__(self, directory: Path) -> None:
        settings = {"cluster-enabled": "yes", "cluster-node-timeout": "1500"}
        buses = [free_port() for _ in range(6)]
        self.servers = [
            server(directory / f"node-{number}", **settings, **{"cluster-port": str(bus)})
            for number, bus in enumerate(buses)
        ]
        first, primaries = self.servers[0], self.servers[:3]
        for number, each in enumerate(primaries):
            begin, end = self.SLOTS * number // 3, self.SLOTS * (number + 1) // 3 - 1
            each.client.execute_command("CLUSTER ADDSLOTSRANGE", begin, end)
        for epoch, each in enumerate(self.servers, 1):
            each.client.execute_command("CLUSTER SET-CONFIG-EPOCH", epoch)
        for each in self.servers[1:]:
            each.client.execute_command("CLUSTER MEET", "127.0.0.1", first.port, buses[0])
        until("all nodes know one another", lambda: all(len(_nodes(each)) == 6 for each in self.servers))
        for primary, replica in zip(primaries, self.servers[3:], strict=True):
            name = primary.client.execute_command("CLUSTER MYID").decode()
            until(
                "the replica knows its primary",
                lambda replica=replica, name=name: replica.client.execute_command("CLUSTER REPLICATE", name),
            )
        until("every slot is served", lambda: all(map(_serves, self.servers)))
        until("the replicas follow", lambda: all(replicated(each.client) for each in self.servers[3:]))

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{each.port}" for each in self.servers[::2])

    def primaries(self) -> list[Server]:
        """Give the living servers that are primaries."""
        living = [each for each in self.servers if each.process.poll() is None]
        return [each for each in living if each.client.info("replication")["role"] == "master"]

    def serves(self) -> bool:
        """Tell whether all living nodes say that every slot is served."""
        return all(_serves(each) for each in self.servers if each.process.poll() is None)

    def stop(self) -> None:
        for each in self.servers:
            each.stop()


def _nodes(each: Server) -> dict[str, object]:
    found: dict[str, object] = each.client.execute_command("CLUSTER NODES")
    return found


def _serves(each: Server) -> bool:
    return bool(each.client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
