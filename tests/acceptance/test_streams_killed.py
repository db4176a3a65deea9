"""Streams where processes and clients come and go: each is resumed elsewhere, and none is left behind."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest
import redis as redis_py

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.sse import Sent, streamed, streaming, text, whole
from tests.stack.stack import Stack
from tests.stack.working import LONG, in_mid_stream


@pytest.fixture(scope="module")
def killed_stack(make_lasting_stack: Callable[..., Stack]) -> Stack:
    return make_lasting_stack(BACKSCROLL_HEARTBEAT="0.2")


@pytest.fixture
def stack(killed_stack: Stack, model: OfflineModel) -> Stack:
    """A deployment whose processes may be killed: the next test has those started that it needs."""
    return killed_stack


def test_f29_a_worker_killed_in_mid_stream_costs_its_words_and_not_the_stream(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    # Elsewhere the producer's death lost the stream.
    (worker,), api = stack.have_workers("replies", 1), stack.have_web().api
    in_mid_stream(model, sid, seconds=1)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        events = stream.until("delta")
        worker.kill()
        stack.worker("replies")
        events += list(stream)
    reply = whole(api, sid, rid, events)
    assert (reply["status"], reply["attempts"]) == ("completed", 2)
    attempts = [event.data["attempt"] for event in events if event.data.get("status") == "in_progress"]
    assert attempts == [1, 2]
    assert text(events) == reply["text"]
    assert streamed(api, sid, rid)[0].data == {"status": "in_progress", "attempt": 2}


def test_a_stream_goes_on_at_another_web_process_also_where_the_first_one_was_killed(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    killed, _, one = stack.have_web()
    other = stack.web()
    in_mid_stream(model, sid)
    rid = one.submit(sid, f"hello from {sid}")
    events: list[Sent] = []
    with streaming(one, sid, rid) as stream:
        events += stream.until("delta")
        killed.signal(signal.SIGKILL)
        with pytest.raises(httpx2.TransportError):
            events.extend(stream)
    with streaming(other, sid, rid, after=events[-1].id) as stream:
        events += stream.until("delta")
    again = stack.web()
    events += streamed(again, sid, rid, after=events[-1].id)
    assert whole(again, sid, rid, events)["status"] == "completed"
    assert text(events) == LONG
    begun = next(number for number, event in enumerate(events) if event.data.get("status") == "in_progress")
    assert events[begun:] == streamed(other, sid, rid)


def test_a_web_process_that_is_told_to_end_closes_its_streams_at_once(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    web, _, api = stack.have_web()
    in_mid_stream(model, sid, seconds=0.2)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        events = stream.until("delta")
        web.terminate()
        events += list(stream)  # a whole response, and not a broken one
    assert events[-1].kind == "delta"
    assert web.ended(6)
    other = stack.have_web().api
    events += streamed(other, sid, rid, after=events[-1].id)
    whole(other, sid, rid, events)
    assert text(events) == LONG


def test_a_stream_shows_that_it_is_there_while_nothing_comes(
    stack: Stack, model: OfflineModel, sid: str
) -> None:
    stack.have_workers("replies", 1)
    api = stack.have_web().api
    model.fault("delay", seconds=2, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        stream.until("done")
        assert stream.comments >= 3


def listening(redis: redis_py.Redis) -> int:
    """Count the connections that listen to the events of a reply."""
    return sum(count for _, count in redis.pubsub_numsub(*redis.pubsub_channels("bs:*:events:*")))


def test_a_client_that_is_gone_is_noticed_by_the_heartbeat(stack: Stack, sid: str) -> None:
    stack.have_workers("replies", 0)
    api = stack.have_web().api
    rid = api.submit(sid, "nobody answers")
    with redis_py.Redis.from_url(stack.env["REDIS_URL"]) as redis:
        with streaming(api, sid, rid) as stream:
            stream.until("status")
            until("somebody listens", lambda: listening(redis) == 1)
        until("nobody does", lambda: not listening(redis))


def test_a_hundred_who_stream_cost_redis_no_connection_each(
    api: Api, model: OfflineModel, redis: redis_py.Redis, sid: str
) -> None:
    in_mid_stream(model, sid, seconds=0.2)
    rid = api.submit(sid, f"hello from {sid}")
    with ExitStack() as held, ThreadPoolExecutor(100) as pool:
        streams = [held.enter_context(streaming(api, sid, rid))]
        streams[0].until("delta")
        before = len(redis.client_list())
        streams += [held.enter_context(streaming(api, sid, rid)) for _ in range(99)]
        for stream in streams[1:]:
            stream.until("delta")
        assert len(redis.client_list()) <= before + 5
        assert {event.kind for stream in pool.map(list, streams) for event in stream} >= {"done"}
        # All of them have read the reply at once when it had ended.
        assert len(redis.client_list()) <= before + 32
