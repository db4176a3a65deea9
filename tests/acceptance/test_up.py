"""`backscroll up`: one command runs everything, and what was said is there the next time."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.stack.api import Api, user_texts
from tests.stack.conditions import until
from tests.stack.processes import Process, free_port

Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `backscroll up` with its data in the test's folder."""
    processes: list[Process] = []

    def run(*options: str, **env: str) -> Process:
        command = ["backscroll", "up", "--data-dir", str(tmp_path / "data"), *options]
        log = tmp_path / f"up-{len(processes)}.log"
        processes.append(Process("up", command, env, log))
        return processes[-1]

    yield run
    for process in processes:
        process.terminate()
        assert process.ended(40)


@pytest.fixture
def api_of() -> Iterator[Callable[[Process], Api]]:
    """Talk to a deployment that was started with --json."""
    clients: list[Api] = []

    def connect(process: Process) -> Api:
        clients.append(Api(json.loads(process.until_says('"url"'))["url"]))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def test_one_command_runs_everything_tells_what_to_try_and_the_next_start_remembers(
    start: Start, api_of: Callable[[Process], Api]
) -> None:
    port = free_port()
    first = start("--port", str(port))
    first.until_says("Ctrl-C stops all of it")
    for said in (f"http://127.0.0.1:{port}", "Valkey", "GEMINI_API_KEY", "curl -s"):
        assert said in first.output
    with closing(Api(f"http://127.0.0.1:{port}")) as api:
        api.say("s1", "My locker has the code 4711-B.")

    too_many = start("--port", str(free_port()))
    assert too_many.ended()
    assert too_many.exit_code == 1
    assert "another backscroll runs" in too_many.output
    assert "--data-dir" in too_many.output

    first.interrupt()
    assert first.ended(30)
    assert first.exit_code == 0

    second = start("--json", "--port", str(free_port()))
    told = json.loads(second.until_says('"url"'))
    assert told["offline"]
    assert "embedded" in told["redis"]
    api = api_of(second)
    assert user_texts(api.transcript("s1")) == ["My locker has the code 4711-B."]
    assert "4711-B" in api.say("s1", "What code does my locker have?")["text"]


def test_what_dies_is_started_again(start: Start, api_of: Callable[[Process], Api]) -> None:
    process = start("--json", "--port", str(free_port()))
    api = api_of(process)
    api.say("s1", "before")
    children = json.loads(process.until_says('"url"'))["processes"]
    for pid in children.values():
        os.kill(pid, signal.SIGKILL)
    for name in children:
        process.until_says(f"{name} was killed by signal 9")
    until("all of it is back", api.ready, seconds=40)
    api.say("s1", "after")
    assert user_texts(api.transcript("s1")) == ["before", "after"]


def test_a_port_in_use_is_told_in_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("--port", str(taken.getsockname()[1]))
        assert process.ended()
    assert process.exit_code == 1
    assert "--port" in process.output
    assert len(process.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BACKSCROLL_LOCK_LEASE", "soon"),
        ("BACKSCROLL_LOCK_LEESE", "15"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(start: Start, variable: str, value: str) -> None:
    process = start("--port", str(free_port()), **{variable: value})
    assert process.ended()
    assert process.exit_code == 1
    assert variable in process.output
    assert len(process.output.splitlines()) == 1


def test_broken_data_is_told_with_the_way_to_mend_it(start: Start, tmp_path: Path) -> None:
    append_only = tmp_path / "data" / "redis" / "appendonlydir"
    append_only.mkdir(parents=True)
    (append_only / "appendonly.aof.manifest").write_text("this is no manifest\n")
    process = start("--port", str(free_port()))
    assert process.ended()
    assert process.exit_code == 1
    assert "move" in process.output
    assert "aof" in process.output
    assert len(process.output.splitlines()) == 1
