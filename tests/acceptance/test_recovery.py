"""Processes die, messages of the broker get lost: every accepted message is answered all the same, once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.api import Api, user_texts
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


def test_f29_a_worker_killed_in_mid_stream_costs_a_lease_and_no_message(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    # Elsewhere the producer's death lost the stream.
    (worker,), api = stack.have_workers("replies", 1), stack.have_web().api
    model.fault("slow_stream", seconds=1, text="word " * 400, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    in_work(api, model, sid)

    worker.kill()
    assert api.reply(sid, rid)["status"] == "in_progress"
    stack.worker("replies")

    reply = api.ended(sid, rid)
    assert (reply["status"], reply["attempts"]) == ("completed", 2)
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}"]


def test_f22_a_worker_that_slept_past_its_lease_writes_nothing(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    # Elsewhere a late owner overwrote the new one's work, and freed somebody else's lock.
    (sleeper,), api = stack.have_workers("replies", 1), stack.have_web().api
    model.fault("delay", seconds=1, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    in_work(api, model, sid)
    sleeper.signal(signal.SIGSTOP)
    stack.worker("replies")
    reply = api.ended(sid, rid)
    sleeper.signal(signal.SIGCONT)
    sleeper.until_says("lease lost")
    assert reply["attempts"] == 2
    messages = api.transcript(sid)
    assert user_texts(messages) == [f"hello from {sid}"]
    assert messages[1]["text"] == reply["text"]
    api.say(sid, "and on it goes")


def test_a_turn_that_kills_its_worker_again_and_again_fails_and_the_session_goes_on(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    api, short = stack.have_web().api, {"BACKSCROLL_LOCK_LEASE": "1", "BACKSCROLL_MAX_ATTEMPTS": "2"}
    stack.have_workers("replies", 0)
    model.fault("delay", seconds=20, match=f"poison {sid}", count=0)
    rid = api.submit(sid, f"poison {sid}")
    for attempt in (1, 2):
        worker = stack.worker("replies", **short)
        until("the model was asked", lambda n=attempt: len(model.requests(containing=sid)) == n)
        worker.kill()
    after = api.submit(sid, "something wholesome")
    stack.worker("replies", **short)
    failed = api.ended(sid, rid)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "worker_lost")
    assert api.ended(sid, after)["status"] == "completed"
    assert user_texts(api.transcript(sid)) == ["something wholesome"]


def test_a_broker_that_lost_its_messages_costs_the_sweep_a_second(stack: Stack, sid: str) -> None:
    api = stack.have_web().api
    stack.have_workers("replies", 0)
    rids = [api.submit(f"{sid}-{number}", "is anybody there?") for number in range(3)]
    with stack.broker() as broker:
        assert broker.llen("replies") == 3
        broker.flushdb()
    stack.worker("replies")
    for number, rid in enumerate(rids):
        assert api.ended(f"{sid}-{number}", rid)["status"] == "completed"


def test_f25_a_doorbell_that_rings_twice_is_answered_once(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    # Elsewhere a redelivered task ran twice at once.
    stack.have_workers("replies", 1)
    api = stack.have_web().api
    model.fault("delay", seconds=3, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    in_work(api, model, sid)
    from backscroll.doorbell import Doorbell
    from backscroll.session import Session
    from backscroll.settings import load

    bell = Doorbell(load(stack.env).worker, probe_interval=1)
    for _ in range(5):
        assert bell.ring(Session("default", sid))
    bell.close()
    assert api.ended(sid, rid)["attempts"] == 1
    assert len(model.requests(containing=sid)) == 1
    assert user_texts(api.transcript(sid)) == [f"hello from {sid}"]


def test_a_killed_web_process_loses_nothing_that_it_accepted(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    web = stack.have_web()
    model.fault("delay", seconds=1, match=sid)
    rid = web.api.submit(sid, f"hello from {sid}")
    web.process.kill()
    assert stack.have_web().api.ended(sid, rid)["status"] == "completed"


def test_a_killed_compaction_worker_is_replaced_by_the_next(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    short = {"BACKSCROLL_SUMMARY_DEADLINE": "3", "BACKSCROLL_COMPACTION_LEASE": "4"}
    stack.have_workers("replies", 1)
    (worker,), api = stack.have_workers("compaction", 1, **short), stack.have_web().api
    model.fault("delay", target="summary", seconds=20)
    said = [f"remark {number} of {sid}, which is long enough to be worth a summary" for number in range(15)]
    for text in said:
        api.say(sid, text)
    until("the summariser was asked", lambda: model.requests("summary"))
    worker.kill()
    stack.worker("compaction", **short)
    api.until_session(sid, "a chapter is there", lambda state: state["chapters"])
    assert user_texts(api.transcript(sid)) == said


def test_a_worker_that_is_told_to_stop_finishes_its_turn_and_leaves_the_next_to_others(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    (first,) = stack.have_workers("replies", 1, BACKSCROLL_LOCK_LEASE="60")
    api = stack.have_web().api
    model.fault("delay", seconds=2, match=f"one of {sid}")
    one, two = api.submit(sid, f"one of {sid}"), api.submit(sid, f"two of {sid}")
    in_work(api, model, sid)
    first.signal(signal.SIGTERM)
    assert api.ended(sid, one)["attempts"] == 1
    until("the worker has ended", lambda: not first.running)
    assert api.reply(sid, two)["status"] == "queued"
    stack.worker("replies", BACKSCROLL_LOCK_LEASE="60")
    assert api.ended(sid, two, seconds=30)["attempts"] == 1, "without waiting for the lease to run out"


def test_what_a_client_was_told_survives_a_killed_redis(
    own_redis: EmbeddedRedis, make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack(redis_url=own_redis.url, broker_url=own_redis.broker_url)
    api = stack.start("replies")
    api.say(sid, "before")
    model.fault("delay", seconds=2, match=f"during {sid}")
    in_work_id = api.submit(sid, f"during {sid}")
    queued_id = api.submit(sid, "queued")
    in_work(api, model, sid, f"during {sid}")

    own_redis.kill()
    own_redis.restart()

    reply = api.ended(sid, in_work_id)
    assert (reply["status"], reply["attempts"]) == ("completed", 1), "the answer in work was kept"
    assert api.ended(sid, queued_id)["status"] == "completed"
    assert user_texts(api.transcript(sid)) == ["before", f"during {sid}", "queued"]


def test_a_cancelled_turn_drops_its_call_to_the_model(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("slow_stream", seconds=0.2, text="word " * 400, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    until("the model is answering", lambda: model.in_flight() == 1)
    cancelled = api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel").json()
    assert cancelled["status"] == "cancelled"
    until("the call was dropped", lambda: model.in_flight() == 0, seconds=10)  # of 80
    assert api.transcript(sid) == []
    model.reset()
    api.say(sid, "and on it goes")


def test_a_cancelled_turn_is_dropped_also_while_the_model_is_silent(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1, BACKSCROLL_WORKER_THREADS="1")
    api = stack.have_web().api
    model.fault("delay", seconds=30, match=f"slow {sid}")
    rid = api.submit(sid, f"slow {sid}")
    in_work(api, model, sid)
    api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel").raise_for_status()
    assert api.ended(f"{sid}-other", api.submit(f"{sid}-other", "quick"), seconds=20)["text"]
