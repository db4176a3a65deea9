"""What operators see of a deployment: Prometheus' scrapes of web and workers, `inspect` and `control`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import BIN, ROOT, free_port
from tests.stack.stack import Stack

REMARK = "Remark {} about the harbour, the ferries and the price of herring in town."


class Watched(NamedTuple):
    """A deployment with two web processes and a worker of each queue that serve their metrics."""

    stack: Stack
    api: Api
    ports: dict[str, int]

    def scraped(self, name: str, worker: str = "", **labels: str) -> float:
        """Sum up a metric as a scrape of the web, or of a worker, gives it."""
        url = f"http://127.0.0.1:{self.ports[worker]}/metrics" if worker else f"{self.api.url}/metrics"
        # A new connection each time: any of the web processes may answer.
        families = text_string_to_metric_families(httpx2.get(url).raise_for_status().text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Celery's."""
        return subprocess.run(
            [str(BIN / "celery"), "-A", "worker", *command],
            env={"PATH": f"{BIN}:/usr/bin:/bin", **self.stack.env},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def celery(self, kind: str, what: str) -> dict[str, Any]:
        """Ask all workers, and give their answers by queue."""
        done = self.run(kind, what, "--json", "-t", "2")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)  # of `control` a list with a table for each worker
        answers = [told] if kind == "inspect" else told
        return {name.split("-")[0]: answer for each in answers for name, answer in each.items()}


@pytest.fixture(scope="module")
def watched(make_lasting_stack: Callable[..., Stack]) -> Watched:
    stack = make_lasting_stack()
    ports = {queue: free_port() for queue in ("replies", "compaction")}
    for queue, port in ports.items():
        stack.worker(queue, BACKSCROLL_METRICS_PORT=str(port))
    api = stack.web(BACKSCROLL_WEB_PROCESSES="2")
    for number in range(15):
        api.say("signals", REMARK.format(number))
    api.until_session("signals", "the session is compacted", lambda state: state["chapters"])
    return Watched(stack, api, ports)


def test_any_web_process_tells_what_all_of_them_have_counted(watched: Watched) -> None:
    before = watched.scraped("backscroll_http_requests_total", route="/healthz")
    for _ in range(40):
        httpx2.get(f"{watched.api.url}/healthz").raise_for_status()
    told = {watched.scraped("backscroll_http_requests_total", route="/healthz") for _ in range(10)}
    assert told == {before + 40}


def test_a_web_process_that_ends_takes_nothing_of_its_counts_along(watched: Watched) -> None:
    master = next(each for each in watched.stack.processes if each.name.startswith("web-"))

    def serving() -> set[int]:
        return {
            int(pid) for pid in Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
        }

    accepted = watched.scraped("backscroll_accept_duration_seconds_count")
    route = "/v1/sessions/<sid>/messages"
    assert watched.scraped("backscroll_http_requests_total", route=route, status="202") == accepted
    before = serving()
    os.kill(min(before), signal.SIGKILL)
    until("there is another web process", lambda: len(serving() - before) == 1 and len(serving()) == 2)
    assert watched.scraped("backscroll_accept_duration_seconds_count") == accepted


def test_a_reply_worker_tells_of_its_turns(watched: Watched) -> None:
    for name, labels in {
        "backscroll_turns_total": {"ending": "completed"},
        "backscroll_queue_wait_seconds_count": {"waited_for": "worker"},
        "backscroll_reply_duration_seconds_count": {},
        "backscroll_model_duration_seconds_count": {"role": "reply_model"},
    }.items():
        assert watched.scraped(name, "replies", **labels) >= 15, name
    assert watched.scraped("backscroll_input_tokens_total", "replies", role="reply_model") > 100
    assert watched.scraped("backscroll_output_tokens_total", "replies", role="reply_model") > 100


def test_a_compaction_worker_tells_what_it_saved_and_how_late_it_was(watched: Watched) -> None:
    for name in (
        "backscroll_compactions_total",
        "backscroll_compaction_duration_seconds_count",
        "backscroll_compaction_lag_seconds_count",
        "backscroll_saved_tokens_total",
    ):
        assert watched.scraped(name, "compaction") >= 1, name
    lag = watched.scraped("backscroll_compaction_lag_seconds_sum", "compaction")
    assert 0 < lag < 30


def test_retries_and_failures_are_counted_by_class(watched: Watched, model: OfflineModel, sid: str) -> None:
    model.fault("503", count=1, match=sid)
    watched.api.say(sid, f"hello from {sid}")
    assert watched.scraped("backscroll_model_retries_total", "replies", code="model_unavailable") >= 1
    model.fault("400", count=1, match=f"{sid} again")
    watched.api.ended(sid, watched.api.submit(sid, f"{sid} again"))
    assert watched.scraped("backscroll_turns_total", "replies", ending="failed") == 1


def test_what_waits_is_counted_also_by_who_does_not_answer_it(
    watched: Watched, model: OfflineModel, sid: str
) -> None:
    until("nothing waits", lambda: watched.scraped("backscroll_due_sessions", queue="replies") == 0)
    model.fault("delay", seconds=60, match=sid)
    rid = watched.api.submit(sid, f"hello from {sid}")
    until("the model was asked", lambda: model.requests(containing=sid))
    assert watched.scraped("backscroll_due_sessions", queue="replies") == 1
    assert watched.scraped("backscroll_turns_in_work", "replies") == 1

    held = watched.celery("inspect", "sessions")
    (turn,) = held["replies"]["turns"]
    assert 0 <= turn.pop("seconds") < 30
    assert turn == {"tenant": "default", "session": sid, "reply": rid, "attempt": 1}
    assert held["compaction"] == {"turns": [], "compactions": []}

    lost = watched.scraped("backscroll_lock_losses_total", "replies")
    watched.api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel").raise_for_status()
    until(
        "the lock is given up",
        lambda: watched.scraped("backscroll_lock_losses_total", "replies") == lost + 1,
    )
    assert watched.celery("inspect", "sessions")["replies"]["turns"] == []


def test_inspect_tells_of_each_worker_what_its_scrape_tells(watched: Watched) -> None:
    told = watched.celery("inspect", "backscroll")
    turns = watched.scraped("backscroll_turns_total", "replies", ending="completed")
    assert told["replies"]["turns"]["completed"] == turns
    wait = told["replies"]["queue_wait_seconds"]
    assert wait["count"] >= turns
    assert 0 < wait["p50"] <= wait["p95"] <= wait["p99"] < 30
    compacted = told["compaction"]
    assert compacted["compactions"].keys() <= {"applied", "offered", "refused", "discarded"}
    assert compacted["tokens"]["saved"] == watched.scraped("backscroll_saved_tokens_total", "compaction")
    assert sum(answer["sweeps"] for answer in told.values()) > 0


def test_a_compaction_that_is_paused_is_made_up_for(watched: Watched, sid: str) -> None:
    assert watched.celery("control", "pause_compaction").keys() == {"replies", "compaction"}
    assert watched.celery("inspect", "backscroll")["compaction"]["compaction"] == "paused"
    assert watched.scraped("backscroll_compaction_paused", "compaction") == 1
    for number in range(15):
        watched.api.say(sid, REMARK.format(number))
    again = watched.scraped("backscroll_swept_sessions_total", "replies", queue="compaction")
    again += watched.scraped("backscroll_swept_sessions_total", "compaction", queue="compaction")

    def swept() -> bool:
        found = [
            watched.scraped("backscroll_swept_sessions_total", worker, queue="compaction")
            for worker in watched.ports
        ]
        return sum(found) >= again + 2

    until("the sweep has rung for it twice", swept)
    assert watched.api.session(sid)["chapters"] == []
    watched.celery("control", "resume_compaction")
    watched.api.until_session(sid, "the session is compacted", lambda state: state["chapters"])
    assert watched.celery("inspect", "backscroll")["compaction"]["compaction"] == "running"


def test_a_sweep_can_be_had_at_once(watched: Watched) -> None:
    # These workers would not look again before the test is over.
    watched.stack.have_workers("compaction", 0)
    watched.stack.have_workers("replies", 0)
    port = free_port()
    patient = {"BACKSCROLL_SWEEP_INTERVAL": "600", "BACKSCROLL_METRICS_PORT": str(port)}
    watched.stack.worker("replies", **patient)
    watched.ports["replies"] = port

    def swept() -> float:
        return watched.scraped("backscroll_sweeps_total", "replies")

    assert swept() == 0

    def ordered() -> bool:
        watched.celery("control", "sweep_now")
        return swept() >= 1

    until("it has swept, when the others' claim to it ran out", ordered)


def test_a_report_shows_versions_and_no_key(watched: Watched) -> None:
    done = watched.run("report")
    assert done.returncode == 0
    assert "software -> celery:5" in done.stdout
    assert watched.stack.env["GEMINI_API_KEY"] not in done.stdout


def test_events_are_told_once_they_are_asked_for(watched: Watched, sid: str) -> None:
    watched.celery("control", "enable_events")
    dump = watched.stack.run("events", ["celery", "-A", "worker", "events", "--dump"])
    dump.until_says("heartbeat")
    watched.api.say(sid, f"hello from {sid}")
    dump.until_says("task succeeded")
    dump.interrupt()
