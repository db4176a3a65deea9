"""A tiny server that answers with stored bodies, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, NamedTuple

STREAMS = Path(__file__).parent / "fixtures" / "streams"
# whole; cut in the middle of a chunk; or begun and then silent, until the other side goes
Ending = Literal["whole", "cut", "silent"]


class Request(NamedTuple):
    """What was asked, and over which connection: its port."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    connection: int


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes
    ending: Ending


class _Server(ThreadingHTTPServer):
    """Knows which connections are open, by their ports."""

    def __init__(self, *args: Any) -> None:
        self.open: set[int] = set()
        super().__init__(*args)

    def process_request_thread(self, request: Any, client_address: tuple[str, int]) -> None:
        self.open.add(client_address[1])
        super().process_request_thread(request, client_address)
        self.open.discard(client_address[1])


class Replaying:
    """The server. Answers are given in the order in which they were stored up."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.begun = threading.Event()
        self.left = threading.Event()
        self._answers: deque[_Answer] = deque()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def connections(self) -> frozenset[int]:
        """Give the connections that are open."""
        return frozenset(self._server.open)

    def stream(self, name: str, ending: Ending = "whole") -> None:
        """Answer the next request with a stored stream."""
        body = (STREAMS / f"{name}.sse").read_bytes()
        self._answers.append(_Answer(200, {"Content-Type": "text/event-stream"}, body, ending))

    def refuse(
        self,
        status: int,
        message: str,
        *,
        details: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request with an error in Google's form."""
        error = {"code": status, "message": message, "status": "SOME_STATUS", "details": details or []}
        body = json.dumps({"error": error}).encode()
        self._answers.append(
            _Answer(status, {"Content-Type": "application/json", **(headers or {})}, body, "whole")
        )

    def forget(self) -> None:
        """Forget what was asked, and what was to be answered."""
        self.requests.clear()
        self._answers.clear()
        self.begun.clear()
        self.left.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        replaying = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = json.loads(self.rfile.read(length))
                replaying.requests.append(Request(self.path, headers, body, self.client_address[1]))
                self._give(replaying._answers.popleft())

            def _give(self, answer: _Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                events = [event + b"\n\n" for event in answer.body.split(b"\n\n") if event]
                for event in events[: len(events) if answer.ending == "whole" else 1]:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                if answer.ending == "whole":
                    self.wfile.write(b"0\r\n\r\n")
                    return
                if answer.ending == "cut":
                    self.wfile.write(b"ff\r\ndata: {")
                replaying.begun.set()
                if answer.ending == "silent":
                    with suppress(ConnectionError):
                        self.rfile.read(1)  # returns when the other side closes the connection
                    replaying.left.set()
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing: pytest shows what matters."""

        return Handler
