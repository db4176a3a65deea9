"""Health: is the process alive, and can it serve."""

from __future__ import annotations

from flask import Blueprint, Response

from backscroll.errors import StoreUnavailable
from web import rendering
from web.backend import Backend


def routes(backend: Backend) -> Blueprint:
    """Give the routes for probes."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return rendering.json({"alive": True})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        down = []
        try:
            backend.store.ping()
        except StoreUnavailable:
            down.append("store")
        if not backend.bell.heard():
            down.append("broker")  # accepted all the same: the sweep rings later
        ready = "store" not in down
        return rendering.json({"ready": ready, "down": down}, 200 if ready else 503)

    return blueprint
