"""The ceiling of accepting: Flask under the same server, with one script call and one publish."""

from __future__ import annotations

import os

import redis as redis_py
from flask import Flask, Response, request

from backscroll.doorbell import ANSWER, celery_app
from backscroll.settings import load

_SCRIPT = "redis.call('RPUSH', KEYS[1], ARGV[1]) redis.call('PEXPIRE', KEYS[1], 600000) return 1"


def create_app() -> Flask:
    """Make the WSGI application."""
    settings = load(os.environ)
    client = redis_py.Redis.from_url(settings.store.redis_url)
    accept = client.register_script(_SCRIPT)
    celery = celery_app(settings.worker, publishes_only=True)
    app = Flask("ceiling", static_folder=None)

    @app.get("/readyz")
    def ready() -> Response:
        return Response('{"ready": true}', content_type="application/json")

    @app.post("/v1/sessions/<sid>/messages")
    def post(sid: str) -> Response:
        accept(keys=[f"ceiling:{sid}"], args=[request.get_data()])
        celery.send_task(ANSWER, args=("default", sid), retry=False)
        return Response('{"status": "queued"}', 202, content_type="application/json")

    return app
