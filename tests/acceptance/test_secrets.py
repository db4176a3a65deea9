"""F34: no text, key or prompt gets into logs, replies or the broker, whatever goes wrong; and JSON only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_py
from kombu import Connection, Exchange, Producer

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.marked import API_KEY, leaked
from tests.stack.offline import OfflineModel
from tests.stack.processes import Process
from tests.stack.stack import Stack

SAID = "marked words that nobody but the session may hold"


class Touches:
    """Pickled, it makes a file where it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def stack(make_lasting_stack: Callable[..., Stack]) -> Stack:
    found = make_lasting_stack(
        BACKSCROLL_REPLY_DEADLINE="2",
        BACKSCROLL_ATTEMPT_TIMEOUT="0.5",
        BACKSCROLL_MODEL_BREAKER_FAILURES="1000",  # one failure after the other, each to be seen
    )
    found.start("replies")
    return found


@pytest.fixture
def own(stack: Stack, model: OfflineModel) -> Api:
    return next(iter(stack.apis.values()))


def logs(stack: Stack) -> str:
    return "".join(process.output for process in stack.processes)


@pytest.mark.parametrize(
    ("fault", "parameters", "code"),
    [
        ("400", {}, "model_refused"),
        ("503", {}, "model_unavailable"),
        ("malformed", {}, "model_garbled"),
        ("delay", {"seconds": 5}, "model_timeout|deadline"),
    ],
)
def test_f34_what_goes_wrong_is_told_without_key_and_text(
    stack: Stack, own: Api, model: OfflineModel, sid: str, fault: str, parameters: dict[str, float], code: str
) -> None:
    said = f"{SAID} {sid}"
    model.fault(fault, count=0, match=sid, text=f"refused: key {API_KEY}", **parameters)
    reply = own.ended(sid, own.submit(sid, said))
    assert reply["status"] == "failed"
    assert reply["error"]["code"] in code.split("|")
    assert API_KEY not in str(reply)
    assert SAID not in str(reply["error"])
    until("the failure is logged", lambda: f"reply={reply['id']} code=" in logs(stack))
    assert leaked(logs(stack)) == []


def test_f34_an_unexpected_error_is_logged_by_type_and_place(
    stack: Stack, own: Api, model: OfflineModel, sid: str
) -> None:
    """Here: what waits in the inbox was damaged, and the error would quote it."""
    model.fault("delay", seconds=1, match=f"first {sid}")
    own.submit(sid, f"first {sid}")
    rid = own.submit(sid, f"{SAID} {sid}")
    with redis_py.Redis.from_url(stack.env["REDIS_URL"]) as history:
        (key,) = history.scan_iter(f"*{sid}:reply:{rid}")
        history.hset(key, "request", f'[{{"text": 5, "{SAID}": "{SAID}"')
        worker = next(each for each in stack.processes if each.name.startswith("replies"))
        until("the worker has stumbled", lambda: "unexpected " in worker.output)
    assert "in decode" in worker.output
    assert SAID not in logs(stack)
    assert "error" in own.ended(sid, rid)


@pytest.mark.parametrize("serializer", ["pickle", "yaml"])
def test_what_is_not_json_is_refused_and_the_worker_goes_on(
    stack: Stack, own: Api, sid: str, tmp_path: Path, serializer: str
) -> None:
    touched = tmp_path / "touched"
    payload = Touches(touched) if serializer == "pickle" else ["default", sid]
    with Connection(stack.env["BROKER_URL"]) as connection:
        Producer(connection).publish(
            [payload, {}, {}],
            exchange=Exchange("replies"),
            routing_key="replies",
            serializer=serializer,
            headers={"task": "backscroll.answer", "id": sid, "lang": "py"},
        )
    until("it is refused", lambda: f"deserialize untrusted content of type {serializer}" in logs(stack))
    assert own.say(sid, "and now in JSON")["text"]
    assert not touched.exists()


def test_the_check_of_every_stack_finds_what_is_in_a_log(tmp_path: Path, model: OfflineModel) -> None:
    found = Stack(tmp_path, "redis://127.0.0.1:1/0", "redis://127.0.0.1:1/0", model)
    chatty: Process = found.run("chatty", [Path(sys.executable).name, "-c", f"print('key={API_KEY}')"])
    chatty.until_says("key=")
    with pytest.raises(AssertionError, match="texts or keys in logs"):
        found.stop()
