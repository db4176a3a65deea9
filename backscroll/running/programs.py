"""The programs of one machine's deployment: how each is started, and by what one sees that it is ready."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import Binary, Place

_PROBE_SECONDS = 2.0
# Who probes it asks the loopback address.
_EVERYWHERE = "0.0.0.0"  # nosec B104 # nothing is bound by this


@dataclass(frozen=True)
class Program:
    """One process to run. `ready` is given its log file; `grace` is seconds between SIGTERM and SIGKILL."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    ready: Callable[[Path], bool]
    grace: float


def redis(binary: Binary, where: Place) -> Program:
    """The embedded Redis. It is told to stop last, and never killed for being slow to write to disk."""
    return Program(
        name="redis",
        command=tuple(embedded_redis.command(binary, where)),
        env={},
        ready=lambda _log: embedded_redis.answers(where.url),
        grace=60.0,
    )


def offline_model(port: int, env: Mapping[str, str]) -> Program:
    """The offline model, on `port` of this machine."""
    command = (sys.executable, "-m", "backscroll.cli", "offline-model", "--port", str(port))
    return Program("offline-model", command, env, lambda log: "listens on" in _text(log), grace=5.0)


def web(host: str, port: int, env: Mapping[str, str]) -> Program:
    """The web process, on `host` and `port`."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = (sys.executable, "-m", "gunicorn", "-c", "python:web.gunicorn_conf", "web:create_app()")
    probed = {_EVERYWHERE: "127.0.0.1", "::": "::1"}.get(host, host)
    return Program(
        "web", command, {**env, "BACKSCROLL_BIND": bind}, lambda _log: _serves(probed, port), grace=20.0
    )


def worker(queue: str, env: Mapping[str, str], *, grace: float) -> Program:
    """A worker of `queue`, which has `grace` seconds to end in good order."""
    command = (sys.executable, "-m", "celery", "-A", "worker", "worker", "-Q", queue, "-n", f"{queue}@%h")
    return Program(
        f"{queue}-worker", (*command, "-l", "INFO"), env, lambda log: " ready." in _text(log), grace
    )


def _serves(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _text(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
