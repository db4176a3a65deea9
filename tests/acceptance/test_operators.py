"""Operators see the workers with Celery's own tools, and wrong settings stop a process in one line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import BIN, ROOT
from tests.stack.stack import Stack


def run(stack: Stack, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env={"PATH": f"{BIN}:/usr/bin:/bin", **stack.env, **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def stack(make_lasting_stack: Callable[..., Stack]) -> Stack:
    return make_lasting_stack()


def test_celery_inspect_shows_each_worker_and_what_it_is_doing(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    stack.have_workers("compaction", 1)
    api = stack.have_web().api
    names = {"replies", "compaction"}

    def inspect(what: str) -> dict[str, object]:
        done = run(stack, "celery", "-A", "worker", "inspect", what, "--json", "-t", "3")
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return {worker.split("-")[0]: answer for worker, answer in found.items()}

    told = inspect("backscroll")
    assert {name: answer["queues"] for name, answer in told.items()} == {name: [name] for name in names}  # type: ignore[index]
    for tasks in inspect("registered").values():
        assert tasks == ["backscroll.answer", "backscroll.compact"]
    for stats in inspect("stats").values():
        assert stats["pool"]["implementation"].endswith("TaskPool")  # type: ignore[index]

    model.fault("delay", seconds=60, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    until("the model was asked", lambda: model.requests(containing=sid))
    active = inspect("active")
    assert [task["args"] for task in active["replies"]] == [["default", sid]]  # type: ignore[index, union-attr]
    assert active["compaction"] == []
    api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel").raise_for_status()


def test_each_worker_serves_its_own_queue_alone(stack: Stack, sid: str) -> None:
    stack.have_workers("replies", 1)
    stack.have_workers("compaction", 0)
    api = stack.have_web().api
    for number in range(15):
        api.say(sid, f"Remark {number} about the harbour, the ferries and the price of herring in town.")
    assert api.session(sid)["compaction"] == "due"
    assert not api.session(sid)["chapters"]
    stack.worker("compaction")
    api.until_session(sid, "the compaction worker has done its part", lambda state: state["chapters"])


WRONG = {
    "web": ("gunicorn", "web:create_app()"),
    "worker": ("celery", "-A", "worker", "worker", "-Q", "replies"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_stops_the_process_and_names_the_variable(stack: Stack, name: str) -> None:
    done = run(stack, *WRONG[name], BACKSCROLL_RECENT_TURNS="none")
    assert done.returncode != 0
    said = done.stderr + done.stdout
    assert "BACKSCROLL_RECENT_TURNS" in said
    assert "Traceback" not in said


def test_readyz_tells_what_is_down(stack: Stack, tmp_path: Path) -> None:
    api = stack.have_web().api
    nobody = f"redis+socket://{tmp_path}/nobody.sock?virtual_host=1"
    halting = stack.web(BROKER_URL=nobody)
    assert api.http.get("/readyz").json() == {"ready": True, "down": []}
    answer = halting.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "down": ["broker"]})


def test_f24_a_store_that_is_down_is_a_503_and_never_a_404(stack: Stack, tmp_path: Path, sid: str) -> None:
    # Elsewhere a read error was told as "not found", and the client overwrote the session with an empty one.
    import httpx2

    from tests.stack.processes import free_port

    port = free_port()
    process = stack.run(
        "web",
        ["gunicorn", "web:create_app()"],
        REDIS_URL=f"unix://{tmp_path}/nobody.sock",
        BACKSCROLL_BIND=f"127.0.0.1:{port}",
    )
    api = Api(f"http://127.0.0.1:{port}")

    def alive() -> bool:
        assert process.running, process.output
        try:
            return api.http.get("/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    until("the web process is alive", alive)
    base = f"/v1/sessions/{sid}"
    responses = [
        api.http.get(base),
        api.http.get(f"{base}/history"),
        api.http.get(f"{base}/replies/r_1"),
        api.http.delete(base),
        api.http.get("/readyz"),
    ]
    assert [response.status_code for response in responses] == [503] * 5
    assert {response.json()["code"] for response in responses[:-1]} == {"store_unavailable"}
    assert all(int(response.headers["Retry-After"]) >= 1 for response in responses[:-1])
    api.close()
