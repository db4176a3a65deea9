"""What is no HTTP request is refused like everything else, and nothing of it is told to anybody."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx2
import pytest

from tests.stack import described
from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.stack import Stack

MARKED = "marked-7f3a"


def answered(api: Api, sent: bytes) -> httpx2.Response:
    """Send bytes as they are, and read what comes until the connection is closed."""
    url = httpx2.URL(api.url)
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    request = httpx2.Request("GET", f"{api.url}/healthz")
    return httpx2.Response(int(first.split()[1]), headers=headers, content=body, request=request)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (f"hello {MARKED}\r\n\r\n", 400, "bad_request"),
        (f"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Odd\x01: {MARKED}\r\n\r\n", 400, "bad_request"),
        (f"GET /healthz HTTP/1.1\r\nAuthorization: Bearer {MARKED}\x01\r\n\r\n", 400, "bad_request"),
        (f"GET /{MARKED * 400} HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
        (f"GET /healthz HTTP/1.1\r\nX-Long: {MARKED * 750}\r\n\r\n", 431, "headers_too_large"),
        (f"POST /healthz HTTP/1.1\r\nTransfer-Encoding: {MARKED}\r\n\r\n", 400, "bad_request"),
    ],
    ids=["words", "header's name", "header's value", "long path", "long header", "coding"],
)
def test_what_cannot_be_read_is_a_problem_too(api: Api, sent: str, status: int, code: str) -> None:
    response = answered(api, sent.encode())
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert MARKED not in response.text
    described.check(response)


def test_what_cannot_be_read_is_not_logged_either(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    api = stack.web()
    answered(api, f"GET /healthz HTTP/1.1\r\nAuthorization: Bearer {MARKED}\x01\r\n\r\n".encode())
    (web,) = stack.processes
    until("the refusal is logged", lambda: "refused what is no request: InvalidHeader" in web.output)
    assert MARKED not in web.output
