"""A worker's `/metrics`, on a port of its own. A worker is one process, and tells the whole of it."""

from __future__ import annotations

import logging

from prometheus_client import start_http_server

from backscroll.lasting import begun
from backscroll.metrics import REGISTRY
from backscroll.settings import WorkerSettings
from worker import process

log = logging.getLogger(__name__)

# Seconds between two tries to have the port.
_AGAIN = 5.0


def start(settings: WorkerSettings) -> None:
    """Serve what this worker counts, if it is set up to; from a thread, so that no start waits for a port."""
    if settings.metrics_port:
        begun("metrics", lambda: _serve(settings))


def _serve(settings: WorkerSettings) -> None:
    # A port that is taken is no reason not to answer anybody: the worker before this one may still have it,
    # while it finishes its turns.
    told = False
    while True:
        try:
            start_http_server(settings.metrics_port, settings.metrics_host, REGISTRY)
        except OSError as error:
            if not told:
                log.warning(
                    "metrics not served on port %d: %s", settings.metrics_port, error.strerror or error
                )
            told = True
            if process.stopping.wait(_AGAIN):
                return
            continue
        log.info("metrics served on %s:%d", settings.metrics_host, settings.metrics_port)
        return
