"""Each answer has the id of its request: the client's own where it can be used, else a new one."""

from __future__ import annotations

import re
import socket

import pytest

from tests.stack.api import Api


def test_the_client_s_own_id_comes_back(api: Api, sid: str) -> None:
    for own in ("7", "req/2026-11-29!~", "x" * 128):
        assert api.post(sid, "hello", headers={"X-Request-ID": own}).headers["X-Request-ID"] == own


@pytest.mark.parametrize("bad", [b"", b"two words", b"x" * 129, "ü".encode("latin-1"), b"a\tb"])
def test_an_id_that_cannot_be_used_is_replaced(api: Api, bad: bytes) -> None:
    given = api.http.get("/healthz", headers={b"X-Request-ID": bad}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", given)


def test_each_request_without_one_gets_another(api: Api) -> None:
    assert len({api.http.get("/healthz").headers["X-Request-ID"] for _ in range(10)}) == 10


@pytest.mark.parametrize("path", ["/nowhere", "/v1/sessions/s1/replies/r_1", "/v1/sessions/%20"])
def test_refusals_have_it_too(api: Api, path: str) -> None:
    refused = api.http.get(path, headers={"X-Request-ID": "mine"})
    assert (refused.is_error, refused.headers["X-Request-ID"]) == (True, "mine")


def test_what_is_no_request_gets_one(api: Api) -> None:
    host, port = api.http.base_url.host, api.http.base_url.port
    with socket.create_connection((host, port or 80), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nbad header\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert re.search(rb"\r\nX-Request-ID: [0-9a-f]{32}\r\n", answer)
