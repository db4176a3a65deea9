"""`backscroll replay` plays conversations as clients would, and finds what became of them."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import redis as redis_py

from backscroll.store import keys
from tests.stack.api import Api, user_texts
from tests.stack.command import Done, call, run
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import ROOT, Process, free_port
from tests.stack.stack import Stack

SUPPORT = ROOT.parent / "shared" / "data" / "support_dev.jsonl"
FILLER = "We went on for a while about the harbour, the ferries and the price of herring in the old town."


def replay(file: Path, *options: str, way: Callable[..., Done] = call) -> Done:
    return way("replay", str(file), *options)


def report(file: Path, *options: str, exit_code: int = 0) -> dict[str, Any]:
    done = replay(file, "--json", *options)
    assert done.code == exit_code, done.stderr + done.stdout
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write(file: Path, *conversations: list[str], name: str = "talk/") -> Path:
    lines = []
    for number, texts in enumerate(conversations):
        messages = [
            message
            for text in texts
            for message in (
                {"role": "user", "parts": [{"text": text}]},
                {"role": "model", "parts": [{"text": "an answer from another time"}]},
            )
        ]
        lines.append(json.dumps({"id": f"{name}{number}", "messages": messages}))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@contextmanager
def running(file: Path, url: str, directory: Path) -> Iterator[Process]:
    """A replay that is still at it; its output, both streams, is in a file."""
    command = ["backscroll", "replay", str(file), "--base-url", url]
    player = Process("replay", command, {}, directory / "replay.log")
    try:
        yield player
    finally:
        player.kill()


@pytest.fixture
def two_talks(tmp_path: Path) -> Path:
    return write(
        tmp_path / "talks.jsonl",
        [f"Remark {number}: {FILLER}" for number in range(16)],
        ["Yes.", "Yes.", "Thanks, Zoë 😀"],
    )


def test_conversations_are_played_compacted_and_found_whole(api: Api, two_talks: Path) -> None:
    found = report(two_talks, "--base-url", api.url)

    assert (found["sessions"], found["turns"]) == (2, 19)
    wrong = ("missing", "doubled", "reordered", "unexpected", "gaps", "roles", "unended")
    assert [found[name] for name in wrong] == [0] * len(wrong)
    assert (found["failures"], found["broken"]) == ({}, {})
    assert 0 < found["accept_ms"]["p50"] <= found["accept_ms"]["p95"]
    assert 0 < found["reply_ms"]["p50"] <= found["reply_ms"]["p95"] <= found["reply_ms"]["p99"]
    assert found["turns_per_second"] > 0
    assert found["compactions"] == found["chapters"] >= 1
    assert 0 < found["context_tokens"] < found["transcript_tokens"]
    assert found["largest_prompt_tokens"] > 0
    assert user_texts(api.transcript(f"{found['run']}-2-talk_1")) == ["Yes.", "Yes.", "Thanks, Zoë 😀"]


def test_people_get_a_table(api: Api, two_talks: Path) -> None:
    done = replay(two_talks, "--base-url", api.url, way=run)
    assert done.code == 0, done.stderr
    assert done.stderr == "", "a progress bar is for terminals"
    for words in ("sessions", "19 in ", "p95", "chapters", "tokens", "each reply once and in order"):
        assert words in done.stdout


def test_fewer_sessions_than_lines_are_the_first_ones_and_more_play_lines_again(
    api: Api, tmp_path: Path
) -> None:
    file = write(tmp_path / "talks.jsonl", ["Hello.", "And again."], ["Yes."])
    assert report(file, "--base-url", api.url, "--sessions", "1")["turns"] == 2
    again = report(file, "--base-url", api.url, "--sessions", "3", "--concurrency", "1")
    assert (again["sessions"], again["turns"], again["broken"]) == (3, 5, {})


def test_failed_replies_are_reported_and_do_not_count_as_missing(
    api: Api, model: OfflineModel, tmp_path: Path
) -> None:
    poison = f"poison {uuid4().hex}"
    model.fault("400", match=poison)
    file = write(tmp_path / "talk.jsonl", ["wholesome", poison, "x" * 70_000, "wholesome again"])
    found = report(file, "--base-url", api.url)
    assert sum(found["failures"].values()) == 2
    assert found["failures"]["too_large"] == 1
    assert (found["turns"], found["missing"], found["broken"]) == (4, 0, {})


def test_a_turn_that_the_client_did_not_hear_of_is_found(
    api: Api, model: OfflineModel, redis: redis_py.Redis, tmp_path: Path
) -> None:
    mark = uuid4().hex
    model.fault("delay", seconds=2, match=f"slow {mark}")
    file = write(tmp_path / "talk.jsonl", ["hello", f"slow {mark}", "goodbye"], name=mark)
    with running(file, api.url, tmp_path) as player:
        until("the second turn is in work", lambda: model.requests(containing=f"slow {mark}"))
        [key] = redis.scan_iter(f"{keys.PREFIX}*{mark}*:meta")
        [session] = re.findall(rf"replay-\w+-1-{mark}0", key.decode())
        api.submit(session, "from somebody else")
        until("the run is over", lambda: not player.running)
        assert player.exit_code == 1, player.output
        assert f"{session}: 1 unexpected" in player.output


@pytest.mark.skipif(not SUPPORT.exists(), reason=f"there are no conversations at {SUPPORT}")
def test_real_support_talks_are_played_without_a_loss(api: Api) -> None:
    found = report(SUPPORT, "--base-url", api.url, "--sessions", "2")
    assert found["turns"] > 80
    assert found["chapters"] >= 2, "how many turns one takes is the machine's affair"
    assert (found["failures"], found["unended"], found["broken"]) == ({}, 0, {})


def test_a_restart_of_the_web_process_loses_nothing(
    make_stack: Callable[..., Stack], model: OfflineModel, tmp_path: Path
) -> None:
    stack = make_stack()
    stack.worker("replies")
    bind = f"127.0.0.1:{free_port()}"

    def web() -> Process:
        env = {**stack.env, "BACKSCROLL_BIND": bind}
        return Process("web", ["gunicorn", "web:create_app()"], env, tmp_path / "web.log")

    def alive() -> bool:
        try:
            return httpx2.get(f"http://{bind}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def under_way(turns: int) -> bool:
        return len(model.requests(containing=mark)) >= turns

    mark = uuid4().hex
    model.fault("delay", seconds=0.1, match=mark, count=0)
    file = write(tmp_path / "talks.jsonl", *[[f"{mark} {n}" for n in range(12)] for _ in range(4)])
    process = web()
    try:
        until("the web process is alive", alive)
        with running(file, f"http://{bind}", tmp_path) as player:
            for asked in (8, 24):
                until(f"{asked} turns are under way", partial(under_way, asked))
                assert player.running, player.output
                process.kill()
                process = web()
            until("the run is over", lambda: not player.running, seconds=60)
            assert player.exit_code == 0, player.output
            assert "48 in " in player.output
            assert "each reply once and in order" in player.output
    finally:
        process.kill()


def test_an_interrupt_ends_it_at_once_and_in_one_line(api: Api, model: OfflineModel, tmp_path: Path) -> None:
    slow = f"slow {uuid4().hex}"
    model.fault("delay", seconds=60, match=slow)
    with running(write(tmp_path / "talk.jsonl", [slow]), api.url, tmp_path) as player:
        until("the model was asked", lambda: model.requests(containing=slow))
        player.signal(signal.SIGINT)
        until("it has ended", lambda: not player.running)
        assert player.exit_code == 130
        [line] = player.output.splitlines()
        assert "stopped before the end" in line


def test_a_server_that_is_not_there_is_told_with_what_to_do(two_talks: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = replay(two_talks, "--base-url", url)
    assert done.code == 1
    [line] = done.stderr.splitlines()
    assert url in line
    assert "make run" in line
    assert "--base-url" in line


def test_a_broken_file_is_told_with_its_line(two_talks: Path) -> None:
    with two_talks.open("a") as file:
        file.write('{"id": "cut off", "mess')
    done = replay(two_talks)
    assert done.code == 1
    [line] = done.stderr.splitlines()
    assert f"{two_talks}, line 3: " in line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sessions", "0"], "--sessions"),
        (["--concurrency", "-1"], "--concurrency"),
        (["--base-url", "localhost:8080"], "no URL like http://127.0.0.1:8080"),
        (["--base-url", "http://localhost:port"], "no URL like"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(two_talks: Path, options: list[str], said: str) -> None:
    done = replay(two_talks, *options)
    assert done.code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = replay(tmp_path / "nothing.jsonl")
    assert done.code == 2
    assert "nothing.jsonl" in done.stderr


def test_help_teaches(tmp_path: Path) -> None:
    done = replay(tmp_path, "--help")
    assert done.code == 0
    assert "backscroll replay support.jsonl --sessions 200" in done.stdout
