"""The synchronous way, as articles teach it: the whole history is one JSON value, read and written each turn.

Same server, same SDK, same length of prompt; a lock keeps two requests apart.
"""

from __future__ import annotations

import json
import os
from secrets import token_hex

import gevent
import redis as redis_py
from flask import Flask, Response, request
from google import genai

from backscroll.settings import load

_SENT = 20
_TTL = 7 * 86_400
_FREE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def create_app() -> Flask:
    """Make the WSGI application."""
    settings = load(os.environ)
    redis = redis_py.Redis.from_url(settings.store.redis_url)
    free = redis.register_script(_FREE)
    model = genai.Client(api_key="offline", http_options={"base_url": settings.model.base_url})
    app = Flask("skeleton", static_folder=None)

    @app.get("/readyz")
    def ready() -> Response:
        return Response('{"ready": true}', content_type="application/json")

    @app.post("/v1/sessions/<sid>/messages")
    def post(sid: str) -> Response:
        token = token_hex(8)
        while not redis.set(f"lock:{sid}", token, nx=True, px=30_000):
            gevent.sleep(0.01)
        try:
            history = json.loads(redis.get(f"history:{sid}") or "[]")
            history.append({"role": "user", "parts": [{"text": request.get_json()["text"]}]})
            answer = model.models.generate_content(
                model=settings.model.reply_model, contents=history[-_SENT:]
            )
            history.append({"role": "model", "parts": [{"text": answer.text}]})
            redis.set(f"history:{sid}", json.dumps(history), ex=_TTL)
        finally:
            free(keys=[f"lock:{sid}"], args=[token])
        body = {"status": "completed", "text": answer.text}
        return Response(json.dumps(body), content_type="application/json")

    return app
