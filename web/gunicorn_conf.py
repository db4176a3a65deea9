"""How gunicorn serves the web process.

gevent, because a request that waits for a reply must cost a greenlet and not a thread.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from typing import Any

from backscroll import binding
from backscroll.api_keys import ApiKeys
from backscroll.errors import InvalidSetting
from backscroll.settings import load

try:
    _settings = load(os.environ)
    ApiKeys(_settings.access.api_keys)
except InvalidSetting as error:
    sys.exit(f"backscroll: {error}")

bind = _settings.web.bind
workers = _settings.web.web_processes
worker_class = "web.gunicorn_worker.Worker"
worker_connections = 5000
graceful_timeout = 15  # an upper bound: who waits is let go at once (gunicorn_worker.py)
keepalive = 75
loglevel = "warning"


# Read by prometheus_client when it is imported, which is in the processes that serve.
_SHARED = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(_server: Any) -> None:
    """Let all processes of this server count into one directory, so that any of them can tell the whole.

    Also where there is one: their number may be given by a flag, and changed by a signal. It is a new
    directory each time, or what an earlier server counted would count again.
    """
    os.environ[_SHARED] = tempfile.mkdtemp(prefix="backscroll-metrics-")


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a process that ended. What it has counted stays: counters do not go back."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove what was counted."""
    shutil.rmtree(os.environ[_SHARED], ignore_errors=True)


def when_ready(server: Any) -> None:
    """Go no further where anybody could reach a server that asks for no keys.

    Asked of the sockets themselves, before the first request is taken from them: gunicorn's own flags, its
    variables and systemd can have it listen elsewhere than `bind` says.
    """
    try:
        for host in _hosts(server):
            binding.check(host, _settings.access)
    except InvalidSetting as error:
        sys.exit(f"backscroll: {error}")


def _hosts(server: Any) -> list[str]:
    if server.LISTENERS:
        return [_host(listener.sock) for listener in server.LISTENERS]
    # With --reuse-port each worker opens its own, where this says.
    return [str(address[0] if isinstance(address, tuple) else address) for address in server.cfg.address]


def _host(listening: socket.socket) -> str:
    if listening.family == socket.AF_UNIX:
        return "unix:/"  # also where it has no path
    return str(listening.getsockname()[0])
