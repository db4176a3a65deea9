"""History and broker, each on a Redis of its own, go away in every way there is while a client talks on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import httpx2
import pytest
import redis as redis_py

from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.acceptance.test_compaction import talk
from tests.stack.api import Api, user_texts
from tests.stack.conditions import until
from tests.stack.expiry import eternal
from tests.stack.offline import OfflineModel
from tests.stack.outages import Outage, full, hung, killed, loading, read_only
from tests.stack.processes import free_port
from tests.stack.stack import Stack
from tests.stack.working import in_work

STORE_TIMEOUT = 2.0
BROKER_TIMEOUT = 1.0
# Seconds that a request may take which waits for nobody, where the machine has other things to do.
AT_ONCE = 0.8
# Seconds from the end of an outage to the first request that is served: a probe's interval, and room.
BACK = 5.0


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with embedded_redis.running(tmp_path_factory.mktemp("history")) as server:
        yield server


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with embedded_redis.running(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    history: EmbeddedRedis,
    broker: EmbeddedRedis,
    offline_model: OfflineModel,
) -> Iterator[Stack]:
    """Web and workers, which must survive all of this."""
    found = Stack(
        tmp_path_factory.mktemp("stack"),
        history.url,
        broker.broker_url,
        offline_model,
        BACKSCROLL_STORE_TIMEOUT=f"{STORE_TIMEOUT:g}",
        BACKSCROLL_PROBE_INTERVAL="0.2",
        BACKSCROLL_INLINE_TURNS="2",
    )
    yield found
    assert all(process.running for process in found.processes), "an outage is no reason to end"
    found.stop()
    with redis_py.Redis.from_url(history.url) as client:
        assert eternal(client) == []


@pytest.fixture(scope="module")
def web(stack: Stack) -> Api:
    return stack.start()


@pytest.fixture
def api(web: Api, model: OfflineModel) -> Api:
    return web


def timed(call: Callable[[], httpx2.Response]) -> tuple[httpx2.Response, float]:
    start = time.monotonic()
    return call(), time.monotonic() - start


def turned_away(response: httpx2.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable"), response.text
    assert int(response.headers["Retry-After"]) >= 1


def back(api: Api) -> None:
    until(
        "it is ready again",
        lambda: api.http.get("/readyz").json() == {"ready": True, "down": []},
        seconds=BACK,
    )


@pytest.mark.parametrize("outage", [killed, hung, loading])
def test_a_history_that_is_down_costs_requests_milliseconds_and_is_never_told_as_empty(
    api: Api, history: EmbeddedRedis, sid: str, outage: Outage
) -> None:
    reply_id = api.say(sid, "before")["id"]
    asked = {
        "reply": lambda: api.http.get(f"/v1/sessions/{sid}/replies/{reply_id}"),
        "session": lambda: api.http.get(f"/v1/sessions/{sid}"),
        "history": lambda: api.http.get(f"/v1/sessions/{sid}/history"),
    }
    with outage(history):
        response, seconds = timed(asked["session"])
        turned_away(response)
        assert seconds < STORE_TIMEOUT + AT_ONCE, "the first one may wait for its timeout"
        for _ in range(5):
            for call in asked.values():
                response, seconds = timed(call)
                turned_away(response)
                assert seconds < AT_ONCE
        ready, seconds = timed(lambda: api.http.get("/readyz"))
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "down": ["store"]})
        assert seconds < AT_ONCE
        assert api.counted("backscroll_breaker_open", dependency="store") == 1
        assert api.http.get("/healthz").status_code == 200
        degraded = api.post(sid, "during")
        assert (degraded.status_code, degraded.json()["degraded"]) == (200, True)
    back(api)
    assert api.counted("backscroll_breaker_open", dependency="store") == 0
    assert api.reply(sid, reply_id)["text"]
    api.say(sid, "after")
    before, *during, after = user_texts(api.transcript(sid))
    assert (before, after) == ("before", "after")
    # A Redis that hung may run what it was sent when it goes on: for two tries, once.
    assert during in ([], ["during"])


def test_who_waits_when_the_history_goes_is_told_that_the_message_was_accepted(
    api: Api, history: EmbeddedRedis, model: OfflineModel, sid: str
) -> None:
    model.fault("delay", seconds=2, match=sid)
    with ThreadPoolExecutor(1) as client:
        waiting = client.submit(api.post, sid, f"hello from {sid}", headers={"Prefer": "wait=30"})
        in_work(api, model, sid)
        with killed(history):
            accepted = waiting.result(timeout=20)
    assert (accepted.status_code, accepted.json()["status"]) == (202, "queued"), accepted.text
    back(api)
    assert api.ended(sid, accepted.json()["id"])["status"] == "completed"
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}"]


@pytest.mark.parametrize("outage", [full, read_only])
def test_a_history_that_takes_no_writes_is_read_as_ever(
    api: Api, history: EmbeddedRedis, sid: str, outage: Outage
) -> None:
    reply_id = api.say(sid, "before")["id"]
    refused = api.counted("backscroll_save_failures_total")
    with outage(history):
        for _ in range(5):
            response = api.post(sid, "during")
            assert (response.status_code, response.json()["degraded"]) == (200, True)
            assert api.reply(sid, reply_id)["text"]
            assert api.session(sid)["turns"] == 1
            assert user_texts(api.transcript(sid)) == ["before"]
    assert api.counted("backscroll_save_failures_total") >= refused + 5
    api.say(sid, "after")
    assert user_texts(api.transcript(sid)) == ["before", *["during"] * 5, "after"]


@pytest.mark.parametrize("outage", [killed, hung, full, read_only])
def test_without_a_broker_the_web_process_answers_itself_until_it_is_back(
    api: Api, broker: EmbeddedRedis, sid: str, outage: Outage
) -> None:
    api.say(sid, "before")
    with outage(broker):
        rid, seconds = timed(lambda: api.post(sid, "during"))
        assert rid.status_code == 202
        assert seconds < BROKER_TIMEOUT + AT_ONCE, "the first one may wait for its timeout"
        assert api.ended(sid, rid.json()["id"], seconds=10)["status"] == "completed"
        answered = api.counted("backscroll_inline_sessions_total")
        assert answered >= 1
        for number in range(5):
            response, seconds = timed(partial(api.post, sid, f"during {number}"))
            assert response.status_code == 202
            assert seconds < AT_ONCE
            assert api.ended(sid, response.json()["id"], seconds=10)["status"] == "completed"
        assert api.counted("backscroll_publish_failures_total") >= 5
        waited = api.post(sid, "and at once", headers={"Prefer": "wait=10"})
        assert (waited.status_code, waited.json()["status"]) == (200, "completed")
    back(api)
    answered = api.counted("backscroll_inline_sessions_total")
    api.say(sid, "after")
    assert api.counted("backscroll_inline_sessions_total") == answered, "the workers do it again"
    texts = user_texts(api.transcript(sid))
    assert texts == ["before", "during", *(f"during {number}" for number in range(5)), "and at once", "after"]


def test_without_a_broker_what_exceeds_the_web_process_is_found_by_the_workers(
    api: Api, broker: EmbeddedRedis, model: OfflineModel, sid: str
) -> None:
    with killed(broker):
        model.fault("delay", seconds=1, match=sid, count=0)
        names = [f"{sid}-{number}" for number in range(6)]
        answered = api.counted("backscroll_inline_sessions_total")
        rids = [api.submit(name, f"hello from {name}") for name in names]
        for name, rid in zip(names, rids, strict=True):
            assert api.ended(name, rid, seconds=15)["status"] == "completed"
        itself = api.counted("backscroll_inline_sessions_total") - answered
        assert 2 <= itself < len(names), "the rest was found by the workers"
    back(api)


def test_without_a_broker_histories_are_compacted_all_the_same(
    api: Api, broker: EmbeddedRedis, sid: str
) -> None:
    with killed(broker):
        said = talk(api, sid, 16)
        api.until_session(sid, "a chapter is there", lambda state: state["chapters"])
    back(api)
    assert user_texts(api.transcript(sid)) == said


def test_a_web_process_that_ends_hands_back_what_it_answers(
    api: Api, stack: Stack, broker: EmbeddedRedis, model: OfflineModel, sid: str
) -> None:
    port = free_port()
    # A long grace: no sweep is to be there first, however long this one takes to load the model.
    ending = stack.web_process(port, BACKSCROLL_RING_GRACE="20")
    with killed(broker), closing(Api(f"http://127.0.0.1:{port}")) as client:
        model.fault("delay", seconds=30, match=sid)
        rid = client.submit(sid, f"hello from {sid}")
        in_work(client, model, sid)
        ending.terminate()
        assert ending.ended()
        stack.processes.remove(ending)
        reply = api.ended(sid, rid, seconds=15)
        assert (reply["status"], reply["attempts"]) == ("completed", 1), "and spends no attempt"
    back(api)


def test_a_worker_that_starts_without_a_broker_finds_what_waits(
    api: Api, stack: Stack, broker: EmbeddedRedis, model: OfflineModel, sid: str
) -> None:
    with killed(broker):
        for process in stack.processes:
            if not process.name.startswith("web"):
                process.kill()
        stack.processes = [process for process in stack.processes if process.running]
        # More than the web process takes: nobody is there for the third one.
        model.fault("delay", seconds=1, match=sid, count=0)
        names = [f"{sid}-{number}" for number in range(3)]
        rids = [api.submit(name, f"hello from {name}") for name in names]
        stack._worker("replies")
        for name, rid in zip(names, rids, strict=True):
            assert api.ended(name, rid, seconds=30)["status"] == "completed"
    back(api)
    api.say(sid, "after")
