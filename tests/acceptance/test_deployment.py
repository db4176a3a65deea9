"""`/v1/deployment`: what an operators' page shows, also of a deployment of which a part is down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.stack.api import Api, Json
from tests.stack.conditions import until
from tests.stack.stack import Stack


def read(api: Api) -> Json:
    found: Json = api.http.get("/v1/deployment").raise_for_status().json()
    return found


def test_it_tells_who_works_what_waits_and_what_it_has_cost(api: Api, sid: str) -> None:
    api.say(sid, "one")
    api.say(sid, "two, which is measured by what it adds")
    workers = until(
        "both workers have signed the roll", lambda: len(read(api)["workers"]) >= 2 and read(api)["workers"]
    )
    assert {tuple(worker["queues"]) for worker in workers} == {("replies",), ("compaction",)}
    found = read(api)
    assert found["down"] == []
    assert found["queues"].keys() == {"replies", "compaction"}
    assert found["totals"]["turns"] >= 1
    assert found["milliseconds"]["store"] > 0
    assert sid not in str(found), "it is for every tenant, and names nobody's session"


def test_what_is_down_is_named_and_the_rest_is_told(make_stack: Callable[..., Stack], tmp_path: Path) -> None:
    nobody = f"redis+socket://{tmp_path}/nobody.sock?virtual_host=1"
    halting = make_stack(broker_url=nobody).web()
    found = read(halting)
    assert found["down"] == ["broker"]
    assert found["queues"] is None
    assert found["work"]["replies"] == 0


def test_the_page_is_asked_for_again_and_not_sent_again(api: Api) -> None:
    first = api.http.get("/")
    assert "default-src 'none'" in first.headers["Content-Security-Policy"]
    assert "unsafe" not in first.headers["Content-Security-Policy"]
    script = api.http.get("/console/main.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    for response in (first, script):
        again = api.http.get(response.url.path, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert api.http.get("/console/..%2fapp.py").status_code == 404
    assert api.http.get("/console/nothing.js").json()["code"] == "not_found"
