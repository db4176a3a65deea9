"""Processes that are told to end: turns are finished, or handed back at once, and nobody notices."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from tests.stack.api import user_texts
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack
from tests.stack.working import in_work


def test_a_turn_that_outlasts_the_grace_is_handed_back_without_waiting_for_its_lease(
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack(BACKSCROLL_LOCK_LEASE="60", BACKSCROLL_SHUTDOWN_GRACE="1")
    first, api = stack.worker("replies"), stack.web()
    model.fault("delay", seconds=60, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    in_work(api, model, sid)
    stack.worker("replies")

    first.terminate()

    assert first.ended(10)
    reply = api.ended(sid, rid, seconds=10)
    assert (reply["status"], reply["attempts"]) == ("completed", 1)
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}"]


def test_a_compaction_that_outlasts_the_grace_is_begun_anew_at_once(
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack(BACKSCROLL_SHUTDOWN_GRACE="0.5")
    stack.worker("replies")
    first, api = stack.worker("compaction"), stack.web()
    model.fault("delay", target="summary", seconds=60)
    said = [f"Remark {number} about the harbour, the ferries and the herring." for number in range(15)]
    for text in said:
        api.say(sid, text)
    until("the summariser was asked", lambda: model.requests("summary"))
    stack.worker("compaction")

    first.terminate()

    assert first.ended(10)
    state = api.until_session(sid, "a chapter is there", lambda state: state["chapters"], seconds=10)
    assert state["compactions"]["refused"] == 0
    assert user_texts(api.transcript(sid)) == said


def test_a_rolling_restart_under_load_loses_nothing_and_fails_nothing(
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack()
    workers = [stack.worker("replies") for _ in range(2)]
    api = stack.web()
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
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack()
    stack.worker("replies")
    api = stack.web()
    web = stack.processes[-1]
    model.fault("delay", seconds=8, match=sid)
    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(api.post, sid, f"hello from {sid}", {"Prefer": "wait=30"})
        in_work(api, model, sid)
        web.terminate()
        assert web.ended(6)
        accepted = response.result()
    assert accepted.status_code == 202
    assert stack.web().ended(sid, accepted.json()["id"])["status"] == "completed"


def test_workers_that_come_and_go_leave_one_sweeper(make_stack: Callable[..., Stack], sid: str) -> None:
    """The sweep has no single point of failure: whoever sweeps may be killed at any time."""
    stack = make_stack()
    api = stack.web()
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
