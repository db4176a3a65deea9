"""The cheapest server that the SDK takes for Gemini: one answer, or summary, to everything, after a pause.

    python -m bench.stub PORT

What a turn costs is measured on it, so that the model's own work is not in the figures. POST /_pause takes
seconds as its body, POST /_pause_summary those of a summary.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

_SAID = (
    "The ferry to Bergen leaves at half past six from the old quay, and the price of herring is as it was. "
    * 3
)

_SUMMARY = json.dumps({"what_happened": "They spoke about ferries, berths and prices, and settled nothing."})


class Stub:
    """The server's state: how long it takes to answer."""

    def __init__(self) -> None:
        self.pauses = {"/_pause": 0.0, "/_pause_summary": 0.0}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        body = environ["wsgi.input"].read()
        if environ["PATH_INFO"] in self.pauses:
            self.pauses[environ["PATH_INFO"]] = float(body)
            start_response("204 No Content", [])
            return []
        summarises = b'"responseJsonSchema"' in body or b'"responseSchema"' in body
        said = _SUMMARY if summarises else _SAID
        gevent.sleep(self.pauses["/_pause_summary" if summarises else "/_pause"])
        streamed = "streamGenerateContent" in environ["PATH_INFO"]
        answer = json.dumps(
            {
                "candidates": [
                    {
                        "content": {"role": "model", "parts": [{"text": said}]},
                        "finishReason": "STOP",
                        "index": 0,
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": len(body) // 5,
                    "candidatesTokenCount": len(said) // 4,
                    "totalTokenCount": len(body) // 5 + len(said) // 4,
                },
                "modelVersion": "gemini-3.5-flash",
            }
        ).encode()
        if streamed:
            answer = b"data: " + answer + b"\r\n\r\n"
        kind = "text/event-stream" if streamed else "application/json"
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(answer)))])
        return [answer]


if __name__ == "__main__":
    server = WSGIServer(("127.0.0.1", int(sys.argv[1])), Stub(), backlog=1024, log=None, error_log=None)
    server.start()
    # Or the second part of each answer waits for the client's delayed acknowledgement, 40 ms.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(f"listens on {sys.argv[1]}", flush=True)  # noqa: T201
    server.serve_forever()
