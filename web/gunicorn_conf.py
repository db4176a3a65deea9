"""How gunicorn serves the web process.

gevent, because a request that waits for a reply must cost a greenlet and not a thread.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from backscroll import binding
from backscroll.api_keys import ApiKeys
from backscroll.errors import InvalidSetting
from backscroll.settings import load
from web import shared_counts

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
loglevel = _settings.logs.log_level.lower()
logger_class = "web.gunicorn_logger.Logger"


def on_starting(_server: Any) -> None:
    """Have all processes to come count into one directory."""
    shared_counts.begin()


def child_exit(_server: Any, worker: Any) -> None:
    """Forget what a process that ended had at the moment."""
    shared_counts.forget(worker.pid)


def on_exit(_server: Any) -> None:
    """Remove what was counted."""
    shared_counts.end()


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
