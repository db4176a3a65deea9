"""The served description, its page, and what every answer tells browsers."""

from __future__ import annotations

import re

import pytest

from tests.stack.api import Api


def test_the_description_is_served_to_whoever_asks(api: Api) -> None:
    served = api.http.get("/openapi.json")
    assert served.json()["openapi"] == "3.1.0"
    again = api.http.get("/openapi.json", headers={"If-None-Match": served.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_page_tells_of_every_operation_and_every_code(api: Api) -> None:
    page = api.http.get("/docs").text
    described = api.http.get("/openapi.json").json()
    ids = set(re.findall(r'id="(\w+)"', page))
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["operationId"] in ids
    assert set(described["components"]["schemas"]) <= ids
    assert set(described["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) <= ids


def test_the_page_needs_no_script_and_nobody_else(api: Api) -> None:
    page = api.http.get("/docs")
    assert "script" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert not re.search(r"<script|<style|\son\w+=|style=|javascript:", page.text)
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert set(loaded) == {"/docs/style.css", "/openapi.json"}
    assert api.http.get("/docs/style.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_links_within_the_page_lead_somewhere(api: Api) -> None:
    page = api.http.get("/docs").text
    ids = re.findall(r'id="(\w+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(ids)


@pytest.mark.parametrize("path", ["/healthz", "/v1/nowhere", "/v1/sessions/a%20b", "/openapi.json"])
def test_nothing_that_is_answered_runs_in_a_browser(api: Api, path: str) -> None:
    headers = api.http.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert not re.search(r"\d", headers.get("Server", "")), "no version for who looks for weak ones"


def test_what_belongs_to_a_session_is_kept_by_nobody_else(api: Api, sid: str) -> None:
    reply = api.say(sid, "hello")
    path = f"/v1/sessions/{sid}"
    assert api.http.get(path).headers["Cache-Control"] == "no-store"
    assert api.http.get(f"{path}/history").headers["Cache-Control"] == "no-store"
    ended = api.http.get(f"{path}/replies/{reply['id']}")
    assert ended.headers["Cache-Control"] == "private, no-cache", "it does not change, and has an ETag"
