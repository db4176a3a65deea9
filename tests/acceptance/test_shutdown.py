"""Processes that are told to end: turns are finished, or handed back at once, and nobody notices."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest

from tests.stack.api import user_texts
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack
from tests.stack.working import in_work


@pytest.fixture(scope="module")
def killed_stack(make_lasting_stack: Callable[..., Stack]) -> Stack:
    return make_lasting_stack()


@pytest.fixture
def stack(killed_stack: Stack, model: OfflineModel) -> Stack:
    """A deployment whose processes may be killed: the next test has those started that it needs."""
    return killed_stack


def test_a_turn_that_outlasts_the_grace_is_handed_back_without_waiting_for_its_lease(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    patient = {"BACKSCROLL_LOCK_LEASE": "60", "BACKSCROLL_SHUTDOWN_GRACE": "1"}
    (first,), api = stack.have_workers("replies", 1, **patient), stack.have_web().api
    model.fault("delay", seconds=60, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    in_work(api, model, sid)
    stack.worker("replies", **patient)

    first.terminate()

    assert first.ended()
    reply = api.ended(sid, rid, seconds=30)
    assert (reply["status"], reply["attempts"]) == ("completed", 1)
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}"]


def test_a_compaction_that_outlasts_the_grace_is_begun_anew_at_once(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    (first,) = stack.have_workers("compaction", 1, BACKSCROLL_SHUTDOWN_GRACE="0.5")
    api = stack.have_web().api
    model.fault("delay", target="summary", seconds=60)
    said = [f"Remark {number} about the harbour, the ferries and the herring." for number in range(15)]
    for text in said:
        api.say(sid, text)
    until("the summariser was asked", lambda: model.requests("summary"))
    stack.worker("compaction")

    first.terminate()

    assert first.ended()
    state = api.until_session(sid, "a chapter is there", lambda state: state["chapters"])
    assert state["compactions"]["refused"] == 0
    assert user_texts(api.transcript(sid)) == said


def test_a_rolling_restart_under_load_loses_nothing_and_fails_nothing(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    workers, api = stack.have_workers("replies", 2), stack.have_web().api
    model.fault("delay", seconds=0.3, match=sid, count=0)

    def talk(number: int) -> list[str]:
        name = f"{sid}-{number}"
        said = [f"remark {turn} of {name}" for turn in range(8)]
        replies = [api.ended(name, rid) for rid in [api.submit(name, text) for text in said]]
        assert [reply["status"] for reply in replies] == ["completed"] * len(said)
        assert {reply["attempts"] for reply in replies} == {1}
        return said

    with ThreadPoolExecutor(12) as pool:
        talks = [pool.submit(talk, number) for number in range(12)]
        for worker in workers:
            until("turns are in work", lambda: model.requests("reply", containing=sid))
            worker.terminate()
            assert worker.ended(20)
            stack.worker("replies")
        for number, each in enumerate(talks):
            said = each.result()
            assert user_texts(api.transcript(f"{sid}-{number}")) == said


def test_a_web_process_that_is_told_to_end_lets_go_of_who_waits(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    web, _, api = stack.have_web()
    model.fault("delay", seconds=8, match=sid)
    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(api.post, sid, f"hello from {sid}", {"Prefer": "wait=30"})
        in_work(api, model, sid)
        web.terminate()
        assert web.ended(6)
        accepted = response.result()
    assert accepted.status_code == 202
    assert stack.have_web().api.ended(sid, accepted.json()["id"])["status"] == "completed"


def test_workers_that_come_and_go_leave_one_sweeper(stack: Stack, sid: str) -> None:
    """The sweep has no single point of failure: whoever sweeps may be killed at any time."""
    stack.have_workers("replies", 0)
    stack.have_workers("compaction", 0)
    api = stack.have_web().api
    queues = cycle(["compaction", "replies"])
    for round_ in range(3):
        worker = stack.worker(next(queues))
        with stack.broker() as broker:
            rid = api.submit(f"{sid}-{round_}", "is anybody there?")
            broker.flushdb()
        if "replies" not in worker.name:
            stack.worker("replies")
        assert api.ended(f"{sid}-{round_}", rid)["status"] == "completed"
        worker.signal(signal.SIGKILL)
