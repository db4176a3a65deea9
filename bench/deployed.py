"""A deployment to measure: everything on this machine, on an offline model of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import redis as redis_py

_BACKSCROLL = Path(sys.executable).with_name("backscroll")


@dataclass(frozen=True)
class Deployed:
    """Where everything is, and the process ids by the names that `backscroll up` gives them."""

    url: str
    model_url: str
    redis: redis_py.Redis
    processes: dict[str, int]

    def fault(self, **order: object) -> None:
        """Order a fault of the offline model; it replaces those before it."""
        httpx2.delete(f"{self.model_url}/_faults").raise_for_status()
        httpx2.post(f"{self.model_url}/_faults", json=order).raise_for_status()

    def resident(self, name: str) -> int:
        """Give the memory, in bytes, of a process and its children."""
        return sum(map(_resident, _family(self.processes[name])))


@contextmanager
def deployed(**settings: str) -> Iterator[Deployed]:
    """Run a deployment with these settings while the block runs."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "BACKSCROLL_INBOX_LIMIT": "1000"}
    with TemporaryDirectory() as folder, _running(["offline-model", "--port", "0"], env) as model:
        env |= {"GOOGLE_GEMINI_BASE_URL": model["url"], "GEMINI_API_KEY": "offline", **settings}
        data = Path(folder) / "data"
        with _running(["up", "--port", _free_port(), "--data-dir", str(data)], env) as up:
            client = redis_py.Redis.from_url(f"unix://{data}/redis/redis.sock?db=0")
            yield Deployed(up["url"], model["url"], client, up["processes"])
            client.close()


@contextmanager
def _running(command: list[str], env: dict[str, str]) -> Iterator[dict]:
    """Run a command of ours; it says in its first line, as JSON, where it is."""
    called = [str(_BACKSCROLL), *command, "--json"]
    with subprocess.Popen(called, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _free_port() -> str:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return str(found.getsockname()[1])


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
