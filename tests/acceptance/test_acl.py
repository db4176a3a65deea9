"""Users of Redis with exactly what web and worker need: nothing is refused, nothing is allowed in vain."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator

import pytest

from tests.stack.api import Api, Json
from tests.stack.conditions import until
from tests.stack.guarded import Guarded, guarded
from tests.stack.offline import OfflineModel
from tests.stack.processes import BIN, ROOT
from tests.stack.sse import streaming
from tests.stack.stack import Stack
from tests.stack.working import in_mid_stream, in_work

WEB, WORKER, WEB_BROKER, WORKER_BROKER = (
    f"backscroll-{name}" for name in ("web", "worker", "web-broker", "worker-broker")
)
# What comes about too seldom for a short test.
RARE = {
    "lset",  # chapters that outgrew their share are merged
    "lpop",  # a reply that expired while it waited
    "rename",  # a minute of a limit is over
    "zrem",  # the broker: a queue for answers to `inspect` has expired
}
SMALL = {"BACKSCROLL_TRIGGER_TURNS": "3", "BACKSCROLL_RECENT_TURNS": "2", "BACKSCROLL_CHAPTER_TOKENS": "100"}
LIMITED = {
    "BACKSCROLL_REQUESTS_PER_MINUTE": "100000",
    "BACKSCROLL_TENANT_SESSIONS": "1000",
    "BACKSCROLL_TENANT_TOKENS": "1000000000",
}
SEALED = {"BACKSCROLL_ENCRYPTION_KEYS": "k1:" + urlsafe_b64encode(bytes(range(32))).decode()}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("history")) as found:
        yield found


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("broker")) as found:
        yield found


@pytest.fixture
def stack(
    tmp_path_factory: pytest.TempPathFactory, history: Guarded, broker: Guarded, model: OfflineModel
) -> Iterator[Stack]:
    found = Stack(
        tmp_path_factory.mktemp("acl"),
        history.url(WORKER),
        broker.broker_url(WORKER_BROKER),
        model,
        **SMALL,
        **LIMITED,
        **SEALED,
    )
    yield found
    found.stop()


def everything(api: Api, history: Guarded, model: OfflineModel, sid: str) -> None:
    """Use every feature once."""
    api.http.put(f"/v1/sessions/{sid}", json={"ttl": 3600}).raise_for_status()
    picture = {"inlineData": {"mimeType": "image/png", "data": b64encode(b"\x89PNG" * 9).decode()}}
    said = api.http.post(f"/v1/sessions/{sid}/messages", json={"parts": [{"text": "look"}, picture]})
    api.ended(sid, said.json()["id"])
    assert api.http.get(f"/v1/sessions/{sid}/media/{'0' * 64}").status_code == 404
    again = {"Idempotency-Key": "once"}
    api.ended(sid, api.post(sid, "hello", headers=again).json()["id"])
    assert api.post(sid, "hello", headers=again).json()["status"] == "completed"
    for number in range(4):
        api.say(sid, f"turn {number}: " + "word " * 60)
    api.until_session(sid, "it is compacted", lambda state: state["watermark"])
    api.transcript(sid)
    api.context(sid)
    api.http.post(f"/v1/sessions/{sid}/restore").raise_for_status()
    api.http.post(f"/v1/sessions/{sid}/compact").raise_for_status()

    rid = begin(api, model, sid, f"cancel this in {sid}")
    with streaming(api, sid, rid) as events:
        # A reply that ends before is not listened to, and not left again.
        until("its events are listened to", lambda: history.listened_to(rid))
        api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel").raise_for_status()
        events.until("done")
    assert api.ended(sid, rid)["status"] == "cancelled"
    begin(api, model, sid, f"delete this in {sid}")
    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204

    model.fault("429", retry_delay=31, match=f"not now in {sid}")
    api.submit(f"{sid}-later", f"not now in {sid}")
    until("the model was asked", lambda: not model.orders())
    api.until_session(f"{sid}-later", "its turn is put off", lambda state: not state["in_work"])


def begin(api: Api, model: OfflineModel, sid: str, said: str) -> str:
    """Have a turn in work, whose answer is heard word by word."""
    in_mid_stream(model, said)
    rid = api.submit(sid, said)
    in_work(api, model, sid, said)
    return rid


def until_none(what: str, found: Callable[[], set[str]]) -> None:
    """Wait until nothing is found; fail, naming what is."""

    def none() -> bool:
        nonlocal last
        last = found()
        return not last

    last = set[str]()
    try:
        until(f"no {what}", none, seconds=10)
    except AssertionError:
        assert last == set()


def operators_look(stack: Stack, api: Api) -> None:
    def found() -> Json:
        seen: Json = api.http.get("/v1/deployment").raise_for_status().json()
        return seen if len(seen["workers"]) == 2 and not seen["down"] else {}

    names = [worker["name"] for worker in until("both workers have signed the roll", found)["workers"]]
    environ = {"PATH": f"{BIN}:/usr/bin:/bin", **stack.env}
    # Those that are named are waited for, and no longer than they take.
    asked = ["inspect", "ping", "--json", "-d", ",".join(names), "-t", "20"]
    command = [str(BIN / "celery"), "-A", "worker", *asked]
    said = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [answer["ok"] for answer in json.loads(said).values()] == ["pong", "pong"]


def test_nothing_is_refused_and_nothing_is_allowed_in_vain(
    stack: Stack, history: Guarded, broker: Guarded, model: OfflineModel, sid: str
) -> None:
    workers = [stack._worker(queue) for queue in ("replies", "compaction")]
    api = stack.web(REDIS_URL=history.url(WEB), BROKER_URL=broker.broker_url(WEB_BROKER))
    for worker in workers:
        worker.until_says("ready.")
    everything(api, history, model, sid)
    operators_look(stack, api)
    for worker in workers:
        worker.terminate()
        assert worker.ended()
    until_none("history command is unused", lambda: history.unused(WEB, WORKER) - RARE)
    until_none("broker command is unused", lambda: broker.unused(WEB_BROKER, WORKER_BROKER) - RARE)
    assert history.refused() == set()
    assert broker.refused() == set()
