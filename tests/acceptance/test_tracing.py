"""A turn can be followed from its request through web, Redis and worker: in lines of log, and in traces."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backscroll.session import Session
from tests.stack.api import Api
from tests.stack.collector import Collector, Span, collecting
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import Process
from tests.stack.stack import Stack

Line = dict[str, Any]

# Celery writes it from within a signal's handler, past all logging.
GOODBYE = ("", "worker: Warm shutdown (MainProcess)")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def stack(collector: Collector, make_lasting_stack: Callable[..., Stack]) -> Stack:
    made = make_lasting_stack(
        BACKSCROLL_LOG_FORMAT="json",
        BACKSCROLL_LOG_LEVEL="INFO",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    made.start()
    return made


@pytest.fixture
def api(stack: Stack, model: OfflineModel) -> Api:
    return stack.have_web().api


def digest(sid: str) -> str:
    return Session("default", sid).digest


def lines(process: Process) -> list[Line]:
    return [json.loads(line) for line in process.output.splitlines() if line not in GOODBYE]


def line(process: Process, message: str, **fields: Any) -> Line:
    """Wait for the line that begins so, and is about that."""

    def found() -> Line:
        return next(
            (
                each
                for each in lines(process)
                if each["message"].startswith(message) and fields.items() <= each.items()
            ),
            {},
        )

    return until(f"{process.name} logs {message!r} about {fields}", found)


def processes(stack: Stack) -> tuple[Process, Process]:
    """Give the web process and the reply worker."""
    return stack.have_web().process, stack.have_workers("replies", 1)[0]


def span(collector: Collector, name: str, **attributes: Any) -> Span:
    return until(f"{name} of {attributes} came", lambda: collector.spans(name, **attributes))[0]


def test_web_and_worker_log_a_turn_under_the_id_of_its_request(stack: Stack, api: Api, sid: str) -> None:
    posted = api.post(sid, f"hello from {sid}", headers={"X-Request-ID": f"mine-{sid}"})
    rid = posted.json()["id"]
    api.ended(sid, rid)
    web, worker = processes(stack)
    about = {"request_id": f"mine-{sid}", "session": digest(sid), "reply": rid}
    asked = line(web, "request:", **about)
    assert (asked["level"], asked["logger"], asked["status"]) == ("INFO", "web.access", 202)
    assert (asked["method"], asked["route"]) == ("POST", "/v1/sessions/<sid>/messages")
    assert 0 < asked["seconds"] < 10
    line(
        web,
        "request:",
        method="GET",
        route="/v1/sessions/<sid>/replies/<rid>",
        session=digest(sid),
        reply=rid,
    )
    answered = line(worker, "answered:", **about)
    assert (answered["attempt"], answered["logger"]) == (1, "backscroll.answering.answering")
    assert answered["tokens"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", answered["time"])


def test_a_turn_whose_doorbell_was_lost_has_the_id_of_its_request_and_its_trace(
    stack: Stack, api: Api, collector: Collector, sid: str
) -> None:
    (worker,) = stack.have_workers("replies", 1)
    worker.terminate()
    assert worker.ended()
    posted = api.post(sid, f"hello from {sid}", headers={"X-Request-ID": f"lost-{sid}"})
    with stack.broker() as broker:
        broker.flushdb()
    _, worker = processes(stack)
    rid = posted.json()["id"]
    api.ended(sid, rid)
    line(worker, "answered:", reply=rid, request_id=f"lost-{sid}")
    assert span(collector, "turn", reply=rid).parent == span(collector, "submit", reply=rid).id


def test_a_failed_turn_says_so_under_the_id_of_its_request(
    stack: Stack, api: Api, model: OfflineModel, collector: Collector, sid: str
) -> None:
    model.fault("400", match=sid)
    posted = api.post(sid, f"hello from {sid}", headers={"X-Request-ID": f"bad-{sid}"})
    rid = posted.json()["id"]
    code = api.ended(sid, rid)["error"]["code"]
    _, worker = processes(stack)
    failed = line(worker, "failed:", reply=rid, request_id=f"bad-{sid}")
    assert (failed["level"], failed["code"], failed["session"]) == ("WARNING", code, digest(sid))
    turn = span(collector, "turn", reply=rid)
    spans = until("the turn's spans came", lambda: _with(collector, turn.trace, "model", "fail"))
    assert (spans["model"].failed, spans["model"].attributes["error.type"]) == (True, code)


def test_one_trace_leads_from_the_post_to_the_commit(
    stack: Stack, api: Api, model: OfflineModel, collector: Collector, sid: str
) -> None:
    model.fault("503", match=sid)
    api.say(sid, f"hello from {sid}")
    post = span(collector, "POST message", session=digest(sid))
    spans = until("the commit came", lambda: _with(collector, post.trace, "turn", "commit"))
    assert set(spans) == {"POST message", "submit", "turn", "claim", "model", "commit"}
    led = {
        name: next((s.name for s in spans.values() if s.id == each.parent), "")
        for name, each in spans.items()
    }
    assert led == {
        "POST message": "",
        "submit": "POST message",
        "turn": "submit",
        "claim": "turn",
        "model": "turn",
        "commit": "turn",
    }
    assert (post.service, spans["turn"].service) == ("backscroll-web", "backscroll-worker")
    assert post.attributes["http.response.status_code"] == 202
    tries = [each for each in collector.spans("model") if each.trace == post.trace]
    tries.sort(key=lambda each: each.began)
    assert [each.failed for each in tries] == [True, False]
    answered = tries[-1].attributes
    assert answered["gen_ai.request.model"] == "gemini-3.5-flash"
    assert answered["gen_ai.usage.input_tokens"] > 0
    assert answered["gen_ai.usage.output_tokens"] > 0
    turn = spans["turn"]
    assert (turn.attributes["backscroll.attempt"], turn.attributes["backscroll.session"]) == (1, digest(sid))
    assert turn.began <= spans["claim"].began <= spans["commit"].began <= turn.ended


def test_a_trace_that_the_client_began_goes_on(
    stack: Stack, api: Api, collector: Collector, sid: str
) -> None:
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace}-{parent}-01"}
    rid = api.post(sid, f"hello from {sid}", headers=headers).json()["id"]
    api.ended(sid, rid)
    spans = until("its spans came", lambda: _with(collector, trace, "POST message", "turn"))
    assert spans["POST message"].parent == parent
    _, worker = processes(stack)
    told = line(worker, "answered:", reply=rid)
    assert (told["trace_id"], told["span_id"]) == (trace, spans["turn"].id)


def test_a_compaction_has_a_trace_of_its_own_that_is_linked_to_what_made_it_due(
    stack: Stack, api: Api, collector: Collector, sid: str
) -> None:
    rids = [api.say(sid, f"Remark {n} of {sid} on the harbour and the herring.")["id"] for n in range(15)]
    compaction = span(collector, "compaction", session=digest(sid))
    spans = until("its spans came", lambda: _with(collector, compaction.trace, "snapshot", "write back"))
    assert set(spans) == {"compaction", "snapshot", "summary", "model", "write back"}
    assert compaction.parent == ""
    assert compaction.attributes["backscroll.result"] in ("applied", "offered")
    ((trace, cause),) = compaction.links
    turn = span(collector, "turn", reply=rids[-1])
    assert (trace, cause) == (turn.trace, collector.of_trace(turn.trace)["commit"].id)


def test_a_compaction_that_is_asked_for_is_linked_to_the_request(
    stack: Stack, api: Api, collector: Collector, sid: str
) -> None:
    for number in range(3):
        api.say(sid, f"Remark {number} of {sid} on the harbour and the herring.")
    asked = api.http.post(
        f"/v1/sessions/{sid}/compact", json={"keep": 1}, headers={"X-Request-ID": f"compact-{sid}"}
    )
    assert asked.status_code == 202
    (compactor,) = stack.have_workers("compaction", 1)
    line(compactor, "compacted:", session=digest(sid), request_id=f"compact-{sid}")
    compaction = span(collector, "compaction", session=digest(sid))
    post = span(collector, "POST compact", session=digest(sid))
    assert compaction.links == ((post.trace, post.id),)


def test_every_line_of_every_process_is_an_object_with_time_level_logger_and_message(
    stack: Stack, api: Api, sid: str
) -> None:
    api.say(sid, f"hello from {sid}")
    for process in stack.processes:
        for each in lines(process):
            assert {"time", "level", "logger", "message"} <= each.keys(), (process.name, each)


def test_neither_lines_nor_spans_hold_what_was_said_or_what_the_session_is_called(
    stack: Stack, api: Api, collector: Collector, sid: str
) -> None:
    said = f"the locker of {sid} has the code 4711-B"
    rid = api.say(sid, said)["id"]
    turn = span(collector, "turn", reply=rid)
    until("the commit came", lambda: _with(collector, turn.trace, "turn", "commit"))
    told = b"\n".join(collector.bodies) + b"".join(each.output.encode() for each in stack.processes)
    assert rid.encode() in told
    assert sid.encode() not in told
    assert b"4711-B" not in told


def _with(collector: Collector, trace: str, *names: str) -> dict[str, Span]:
    spans = collector.of_trace(trace)
    return spans if set(names) <= set(spans) else {}
