"""A deployment to measure: any of its processes, on a Redis and a model of its own."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import redis as redis_py

from backscroll.running import embedded_redis, programs
from backscroll.running.programs import Program
from backscroll.running.supervisor import Supervisor

ALL = ("web", "replies", "compaction")
_ROOT = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Deployed:
    """Where everything is, the environment that its processes have, and their supervisor."""

    url: str
    model_url: str
    redis: redis_py.Redis
    env: Mapping[str, str]
    supervisor: Supervisor

    def fault(self, **order: object) -> None:
        """Order a fault of the offline model; it replaces those before it."""
        self.forget_faults()
        httpx2.post(f"{self.model_url}/_faults", json=order).raise_for_status()

    def forget_faults(self) -> None:
        """Let the offline model answer as it does."""
        httpx2.delete(f"{self.model_url}/_faults").raise_for_status()

    def names(self) -> list[str]:
        """Name the processes: `redis`, `web`, `replies-0` and the others."""
        return list(self.supervisor.pids())

    def resident(self, name: str) -> int:
        """Give the memory, in bytes, of a process and its children; of shared pages, its share."""
        return sum(map(_proportional, _family(self.supervisor.pids()[name])))

    def cpu(self, name: str) -> float:
        """Give the seconds of CPU that a process and its children have had."""
        return sum(map(_seconds, _family(self.supervisor.pids()[name])))


@contextmanager
def deployed(
    *parts: str, stub: bool = False, reply_workers: int = 1, app: str = "web:create_app()", **settings: str
) -> Iterator[Deployed]:
    """Run a deployment while the block runs.

    Args:
        parts: which of `ALL`; all of them by default.
        stub: a model that says the same at once (bench/stub.py), instead of the offline one.
        reply_workers: how many processes answer.
        app: what the web process serves.
        settings: of the processes.
    """
    wanted = parts or ALL
    with TemporaryDirectory() as folder:
        where = embedded_redis.place(Path(folder) / "redis")
        port, model_port = free_port(), free_port()
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": _ROOT,
            "REDIS_URL": where.url,
            "BROKER_URL": where.broker_url,
            "GEMINI_API_KEY": "offline",
            "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{model_port}",
            "BACKSCROLL_INBOX_LIMIT": "1000",
            **settings,
        }
        supervisor = Supervisor(Path(folder) / "log", lambda line: print(line, file=sys.stderr))  # noqa: T201
        try:
            supervisor.start(programs.redis(embedded_redis.find_binary(), where))
            supervisor.start(_stub(model_port, env) if stub else programs.offline_model(model_port, env))
            running = [
                worker("replies", number, env) for number in range(reply_workers) if "replies" in wanted
            ]
            if "compaction" in wanted:
                running.append(worker("compaction", 0, env))
            if "web" in wanted:
                running.append(_web(app, port, env))
            supervisor.start(*running)
            with redis_py.Redis.from_url(where.url) as client:
                yield Deployed(
                    f"http://127.0.0.1:{port}", env["GOOGLE_GEMINI_BASE_URL"], client, env, supervisor
                )
        finally:
            supervisor.stop()


def worker(queue: str, number: int, env: Mapping[str, str]) -> Program:
    """Give one of several workers of a queue."""
    made = programs.worker(queue, env, grace=5.0)
    named = tuple(f"{queue}-{number}@%h" if word == f"{queue}@%h" else word for word in made.command)
    return replace(made, name=f"{queue}-{number}", command=named)


def _web(app: str, port: int, env: Mapping[str, str]) -> Program:
    made = programs.web("127.0.0.1", port, env)
    return replace(made, command=(*made.command[:-1], app))


def _stub(port: int, env: Mapping[str, str]) -> Program:
    made = programs.offline_model(port, env)
    return replace(made, command=(sys.executable, "-m", "bench.stub", str(port)))


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _proportional(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
