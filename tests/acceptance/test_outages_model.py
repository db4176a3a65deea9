"""The models go away, one by one and all: turns end, histories stay as they were, nobody waits in vain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack.api import Api, Json, user_texts
from tests.stack.conditions import until
from tests.stack.databases import Databases
from tests.stack.offline import OfflineModel
from tests.stack.processes import free_port
from tests.stack.stack import Stack

REPLY, FALLBACK, SUMMARY = "gemini-3.5-flash", "gemini-3.5-pro", "gemini-3.5-flash-lite"
DEADLINE = 4.0
CEILING = 2500
# Seconds for a turn that is let through at most once to a model that hangs, and is far from its deadline.
AT_ONCE = 1.5


class Models:
    """All models, behind one address, at which somebody may answer or not."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.offline = self.start()

    def start(self) -> OfflineModel:
        self.offline = OfflineModel(self._directory, None, "--port", str(self._port))
        return self.offline


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    found = Models(tmp_path_factory.mktemp("models"))
    yield found
    found.offline.stop()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, databases: Databases, models: Models) -> Iterator[Api]:
    with databases.own() as own:
        stack = Stack(
            tmp_path_factory.mktemp("stack"),
            own.redis,
            own.broker,
            models.offline,
            GOOGLE_GEMINI_BASE_URL=models.url,
            BACKSCROLL_REPLY_MODEL=REPLY,
            BACKSCROLL_FALLBACK_MODEL=FALLBACK,
            BACKSCROLL_SUMMARY_MODEL=SUMMARY,
            BACKSCROLL_REPLY_DEADLINE=f"{DEADLINE:g}",
            BACKSCROLL_ATTEMPT_TIMEOUT="0.5",
            BACKSCROLL_MODEL_BREAKER_FAILURES="3",
            BACKSCROLL_MODEL_PROBE_INTERVAL="0.5",
            BACKSCROLL_CEILING_TOKENS=f"{CEILING}",
            BACKSCROLL_CONTEXT_TOKENS="1500",
            BACKSCROLL_RECENT_TOKENS="1200",
            BACKSCROLL_MESSAGE_BYTES="4000",
        )
        yield stack.start()
        stack.stop()


@pytest.fixture
def model(models: Models) -> Iterator[OfflineModel]:
    models.offline.reset()
    yield models.offline
    models.offline.reset()


@pytest.fixture
def api(web: Api, model: OfflineModel, sid: str) -> Api:
    for name in (REPLY, FALLBACK):  # each has a breaker of its own, which an earlier test may have left open
        until(f"{name} is known to be up", lambda name=name: answers(web, f"{sid}-up", name))
    return web


def answers(api: Api, sid: str, model: str) -> bool:
    """Tell whether a turn that asks for `model` is answered by it."""
    reply = api.ended(sid, api.submit(sid, "Are you there?", model=model))
    return bool(reply["model"] == model)


def ended(api: Api, sid: str) -> tuple[Json, float]:
    """Post a message; give its reply, however it ended, and the seconds that it took."""
    start = time.monotonic()
    reply = api.ended(sid, api.submit(sid, f"hello from {sid}"))
    return reply, time.monotonic() - start


def at_once(api: Api, sid: str, number: int) -> list[Json]:
    """Talk in sessions that nobody has waited in yet; give their replies, none of which has waited."""
    with ThreadPoolExecutor(number) as pool:
        found = list(pool.map(lambda each: ended(api, f"{sid}-new-{each}"), range(number)))
    assert max(seconds for _, seconds in found) < AT_ONCE
    return [reply for reply, _ in found]


def test_with_all_models_down_turns_fail_and_later_ones_fail_at_once(
    api: Api, models: Models, sid: str
) -> None:
    api.say(sid, "before")
    models.offline.kill()
    with ThreadPoolExecutor(4) as pool:
        first = [reply for reply, _ in pool.map(lambda each: ended(api, f"{sid}-{each}"), range(4))]
    assert all(reply["status"] == "failed" and reply["error"]["retryable"] for reply in first)
    until("they fail at once", lambda: ended(api, f"{sid}-0")[1] < AT_ONCE / 2, seconds=15)
    for reply in at_once(api, sid, 5):
        assert (reply["status"], reply["error"]["retryable"]) == ("failed", True)
    failed, _ = ended(api, sid)
    assert failed["status"] == "failed"
    assert user_texts(api.transcript(sid)) == ["before"]

    models.start()
    start = time.monotonic()
    until("they are answered again", lambda: ended(api, sid)[0]["status"] == "completed", seconds=10)
    assert time.monotonic() - start < 5, "by one call in each interval that is let through"
    at_once(api, f"{sid}-back", 5)


@pytest.mark.parametrize("fault", [{"kind": "503"}, {"kind": "delay", "seconds": 30}])
def test_a_reply_model_that_is_down_or_hangs_leaves_turns_to_the_fallback_model_at_once(
    api: Api, model: OfflineModel, sid: str, fault: Json
) -> None:
    model.fault(**fault, model=REPLY, count=0)
    with ThreadPoolExecutor(4) as pool:
        first = [reply for reply, _ in pool.map(lambda each: ended(api, f"{sid}-{each}"), range(4))]
    assert {(reply["status"], reply["model"]) for reply in first} == {("completed", FALLBACK)}
    asked = len([request for request in model.requests() if request["model"] == REPLY])
    found = [reply for _ in range(3) for reply in at_once(api, f"{sid}-{_}", 5)]
    assert {(reply["status"], reply["model"]) for reply in found} <= {("completed", FALLBACK)}
    again = len([request for request in model.requests() if request["model"] == REPLY])
    assert again - asked < len(found), "they did not all ask the reply model"

    model.reset()
    until("the reply model answers again", lambda: ended(api, sid)[0]["model"] == REPLY, seconds=5)


def test_a_slow_reply_model_is_waited_for(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("slow_stream", seconds=0.2, text="word " * 10, model=REPLY, count=0)
    with ThreadPoolExecutor(8) as pool:
        found = [reply for reply, _ in pool.map(lambda each: ended(api, f"{sid}-{each}"), range(8))]
    assert {(reply["status"], reply["model"]) for reply in found} == {("completed", REPLY)}


def test_a_model_that_asks_some_for_minutes_answers_the_others(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("429", retry_delay=300, match=f"hello from {sid}-patient", count=0)
    patient = [f"{sid}-patient-{number}" for number in range(6)]
    rids = [api.submit(name, f"hello from {name}") for name in patient]
    until("all were asked to wait", lambda: len(model.requests(containing=f"{sid}-patient")) >= 6)
    for reply in at_once(api, sid, 5):
        assert (reply["status"], reply["model"]) == ("completed", REPLY)
    for name, rid in zip(patient, rids, strict=True):
        waits = api.reply(name, rid)
        assert (waits["status"], waits["attempts"]) == ("queued", 0)
        assert api.http.post(f"/v1/sessions/{name}/replies/{rid}/cancel").status_code == 200


def test_a_summary_model_that_is_down_for_200_turns_is_noticed_by_operators_only(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("503", model=SUMMARY, count=0)
    said = [
        f"Remark {number} of {sid}: the herring was fine, and the ferry came in time."
        for number in range(200)
    ]
    at_once = {"Prefer": "wait=20"}
    replies = [api.post(sid, text, headers=at_once).raise_for_status().json() for text in said]
    assert {reply["status"] for reply in replies} == {"completed"}
    assert max(reply["usage"]["prompt_tokens"] for reply in replies) <= CEILING
    state = api.session(sid)
    assert state["turns"] == 200
    assert state["watermark"] == 0
    assert state["context_tokens"] > CEILING, "what is stored is untouched"
    assert state["compaction"] != "none"
    state = api.until_session(
        sid, "a summary that failed is told", lambda state: state["compactions"]["refused"]
    )
    assert set(state["compactions"]["refused_by_reason"]) == {"model_unavailable"}
    assert user_texts(api.transcript(sid)) == said

    model.reset()

    def compacted() -> int:
        api.http.post(f"/v1/sessions/{sid}/compact").raise_for_status()
        watermark: int = api.session(sid)["watermark"]
        return watermark

    until("it is compacted", compacted, seconds=15)
    assert user_texts(api.transcript(sid)) == said
