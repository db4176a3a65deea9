"""What the web processes have counted, for Prometheus, and what waits in Redis and on disk.

Under gunicorn all processes count into one directory (shared_counts.py), and whichever is asked tells what
all of them have counted. Elsewhere there is one process, which tells its own.
"""

from __future__ import annotations

import logging
import os
from functools import cache

from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from backscroll import metrics
from backscroll.doorbell import COMPACTION, REPLIES
from backscroll.errors import StoreUnavailable
from backscroll.spool.files import Spool
from backscroll.store import work
from backscroll.store.redis import Store
from web import shared_counts

log = logging.getLogger(__name__)

# What clients may make up is not among the labels.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


def register(app: Flask) -> None:
    """Count every request that is answered, by what it asked for."""
    series = cache(metrics.REQUESTS.labels)  # as many as there are: it need not look for each one anew

    @app.after_request
    def count(response: Response) -> Response:
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        series(method, route, response.status_code).inc()
        return response


def routes(store: Store, spool: Spool) -> Blueprint:
    """Give the route for metrics."""
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def read() -> Response:
        _look(store, spool)
        return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _registry() -> CollectorRegistry:
    shared = os.environ.get(shared_counts.VARIABLE)
    if not shared:
        return metrics.REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, shared)  # type: ignore[no-untyped-call]
    return registry


def _look(store: Store, spool: Spool) -> None:
    """See how much waits, and for how long: web does, because it tells also without a worker."""
    metrics.SPOOL_BYTES.set(spool.size())
    try:
        found = work.read(store)
    except StoreUnavailable as error:
        log.debug("what is due was not read: %s", error)
        return
    metrics.WAITING.set(found.replies)
    for queue, sessions, overdue, oldest in (
        (REPLIES, found.sessions, found.overdue, found.oldest_reply),
        (COMPACTION, found.compactions, found.compactions_overdue, found.lag),
    ):
        metrics.DUE.labels(queue).set(sessions)
        metrics.OVERDUE_SECONDS.labels(queue).set(overdue)
        metrics.OLDEST_SECONDS.labels(queue).set(oldest or 0)
