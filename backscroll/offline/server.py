"""The server: Gemini's paths, and those by which tests order faults and see what was asked."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import gevent
import msgspec
from flask import Blueprint, Flask, Response, request

from backscroll.offline import checking, fields, media, protocol, signatures
from backscroll.offline.counting import Cache, prompt_parts, tokens_of
from backscroll.offline.faults import Fault, Faults
from backscroll.offline.replying import pieces, reply, whole
from backscroll.offline.summaries import asks_for_summary

_REMEMBERED = 1000
_ERRORS = {"400": 400, "404": 404, "429": 429, "500": 500, "503": 503}


class Offline:
    """The state of one server: orders, what was asked, what was said before."""

    def __init__(self, delay: float, summary_delay: float) -> None:
        self.delays = {"reply": delay, "summary": summary_delay}
        self.faults = Faults()
        self.cache = Cache()
        self.requests: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.counts: Counter[str] = Counter()
        self.signed: set[tuple[str, bytes]] = set()


def create_app(*, delay: float = 0.0, summary_delay: float = 0.0) -> Flask:
    """Make the WSGI application.

    Args:
        delay: seconds before the first byte of an answer.
        summary_delay: seconds before the first byte of a summary.
    """
    app = Flask("offline", static_folder=None)
    offline = Offline(delay, summary_delay)

    @app.post("/<any(v1, v1beta, v1alpha):version>/models/<path:call>")
    def generate(version: str, call: str) -> Response:
        model, _, method = call.rpartition(":")
        if method not in ("generateContent", "streamGenerateContent", "countTokens"):
            return _json(protocol.error(404, f"there is no method {method!r}"), 404)
        try:
            checking.check_model(model, version)
            body = fields.read(request.get_json(silent=True))
            checking.check(body)
            signatures.check(model, body["contents"], offline.signed)
        except protocol.Refused as refused:
            return _json(protocol.error(refused.code, refused.message), refused.code)
        if method == "countTokens":
            return _json({"totalTokens": sum(map(tokens_of, prompt_parts(body)))})
        return _generate(offline, model, method, body)

    @app.get("/healthz")
    def healthz() -> Response:
        return _json({"alive": True})

    app.register_blueprint(_orders(offline))
    return app


def _orders(offline: Offline) -> Blueprint:
    """Give the paths by which faults are ordered, and by which one sees what was asked."""
    blueprint = Blueprint("orders", __name__)

    @blueprint.get("/_requests")
    def requests() -> Response:
        return _json({"requests": list(offline.requests)})

    @blueprint.delete("/_requests")
    def forget() -> Response:
        offline.requests.clear()
        return Response(status=204)

    @blueprint.post("/_faults")
    def order() -> Response:
        try:
            offline.faults.order(msgspec.json.decode(request.get_data(), type=Fault))
        except msgspec.MsgspecError as error:
            return _json(protocol.error(400, str(error)), 400)
        return Response(status=204)

    @blueprint.get("/_faults")
    def orders() -> Response:
        return _json({"faults": offline.faults.listed()})

    @blueprint.delete("/_faults")
    def clear() -> Response:
        offline.faults.clear()
        return Response(status=204)

    @blueprint.get("/_stats")
    def stats() -> Response:
        return _json(dict(offline.counts))

    return blueprint


def _generate(offline: Offline, model: str, method: str, body: dict[str, Any]) -> Response:
    target = "summary" if asks_for_summary(body) else "reply"
    remembered = media.remembered(body)
    fault = offline.faults.meet(model, target, remembered)
    offline.counts[target] += 1
    offline.requests.append(
        {
            "model": model,
            "method": method,
            "kind": target,
            "at": datetime.now(UTC).isoformat(),
            "fault": fault.kind if fault else None,
            "body": remembered,
        }
    )
    if fault is not None:
        offline.counts["faults"] += 1
        offline.signed |= signatures.given(model, fault.parts)
    pause = fault.seconds if fault is not None and fault.kind == "delay" else fault.delay if fault else 0.0
    gevent.sleep(offline.delays[target] + pause)
    if fault is not None and fault.kind in _ERRORS:
        status = _ERRORS[fault.kind]
        response = _json(protocol.error(status, "a fault that was ordered", fault), status)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = fault.retry_after
        return response
    said = reply(model, body, offline.cache, fault)
    if method == "streamGenerateContent":
        return Response(_stream(said, fault, offline), content_type="text/event-stream")
    if fault is not None and fault.kind == "malformed":
        return Response('{"candidates": [', content_type="application/json")
    return _json(whole(said, fault))


def _stream(said: Any, fault: Fault | None, offline: Offline) -> Iterator[str]:
    kind = fault.kind if fault is not None else None
    offline.counts["in_flight"] += 1
    try:
        for number, piece in enumerate(pieces(said, fault)):
            if fault is not None and number == fault.after_chunks:
                if kind == "cut_stream":
                    raise ConnectionResetError("a cut that was ordered")
                if kind == "end_early":
                    return
                if kind == "stall":
                    gevent.sleep(fault.seconds)
            if fault is not None and kind == "slow_stream" and number:
                gevent.sleep(fault.seconds)
            if kind in ("cut_stream", "end_early"):
                # Also an answer of one chunk is cut: its end does not come.
                piece["candidates"][0].pop("finishReason", None)
            yield (
                'data: {"candidates": [\r\n\r\n'
                if kind == "malformed"
                else f"data: {json.dumps(piece)}\r\n\r\n"
            )
        if kind == "cut_stream":
            raise ConnectionResetError("a cut that was ordered")
    finally:
        offline.counts["in_flight"] -= 1


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
