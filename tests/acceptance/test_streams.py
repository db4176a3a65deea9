"""Replies are read along while they come, over HTTP: from anywhere, resumed anywhere, and to the end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest
import redis as redis_py

from tests.stack.api import Api, Json
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.sse import Sent, streamed, streaming, text
from tests.stack.stack import Stack
from tests.stack.working import in_work

LONG = "every word of this counts " * 40


def in_mid_stream(model: OfflineModel, sid: str, *, seconds: float = 0.1) -> None:
    """Have the next answer come slowly, word by word."""
    model.fault("slow_stream", seconds=seconds, text=LONG, match=sid)


def whole(api: Api, sid: str, rid: str, events: list[Sent]) -> Json:
    """Compare a stream with the reply that it was about."""
    reply = api.reply(sid, rid)
    end = events[-1]
    assert end.kind == ("error" if reply["status"] == "failed" else "done")
    assert end.data == reply
    assert [event.kind for event in events[:-1] if event.kind in ("done", "error")] == []
    assert len({event.id for event in events}) == len(events)
    return reply


def test_f28_whoever_comes_before_during_or_after_the_answer_gets_the_same_and_then_the_end(
    api: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere late joiners saw nothing, and a stream whose end marker was lost hung its clients.
    model.fault("delay", seconds=1, match=f"first {sid}")
    api.submit(sid, f"first {sid}")
    in_mid_stream(model, f"second {sid}")
    rid = api.submit(sid, f"second {sid}")
    with streaming(api, sid, rid) as before, streaming(api, sid, rid) as during:
        early = before.until("delta")
        assert early[0][1:] == ("status", {"status": "queued", "attempt": 0, "position": 1})
        early += list(before)
    with streaming(api, sid, rid) as during:
        late = list(during)
    reply = whole(api, sid, rid, early)
    assert reply["status"] == "completed"
    assert early[1:] == late == streamed(api, sid, rid)
    assert [event.kind for event in late[:2]] == ["status", "delta"]
    assert text(late) == reply["text"]
    assert late[-2].kind == "usage"
    assert late[-2].data == reply["usage"]


def test_who_joins_in_the_middle_is_told_what_was_said_before(
    api: Api, model: OfflineModel, sid: str
) -> None:
    in_mid_stream(model, sid)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as first:
        some = [*first.until("delta"), *first.until("delta")]
        with streaming(api, sid, rid) as second:
            joined = list(second)
        some += list(first)
    whole(api, sid, rid, joined)
    assert joined == [event for event in some if event.data.get("status") != "queued"]
    assert text(joined) == LONG


def test_words_come_one_after_the_other_and_not_all_at_the_end(
    api: Api, model: OfflineModel, sid: str
) -> None:
    in_mid_stream(model, sid, seconds=0.2)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as events:
        events.until("delta")
        assert api.reply(sid, rid)["status"] == "in_progress"
        kinds = [event.kind for event in events]
    assert kinds.count("delta") > 10


def test_a_stream_is_not_cached_nor_held_back_and_says_when_to_come_again(api: Api, sid: str) -> None:
    rid = api.submit(sid, "hello")
    with api.http.stream("GET", f"/v1/sessions/{sid}/replies/{rid}/events") as response:
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert next(response.iter_lines()) == "retry: 1000"


def test_any_event_of_a_finished_stream_leads_to_exactly_the_rest(
    api: Api, model: OfflineModel, sid: str
) -> None:
    in_mid_stream(model, sid, seconds=0.06)
    rid = api.submit(sid, f"hello from {sid}")
    api.ended(sid, rid)
    events = streamed(api, sid, rid)
    assert len(events) > 10
    for number, event in enumerate(events[:-1]):
        assert streamed(api, sid, rid, after=event.id) == events[number + 1 :]
    path, last = f"/v1/sessions/{sid}/replies/{rid}/events", events[-1].id
    for response in (
        api.http.get(path, headers={"Last-Event-ID": last}),
        api.http.get(path, params={"last_event_id": last}),
        api.http.get(path, headers={"Last-Event-ID": last}, params={"last_event_id": "0-0"}),
    ):
        assert (response.status_code, response.content) == (204, b"")
    assert api.http.get(path, headers={"Last-Event-ID": ""}).status_code == 200


@pytest.mark.parametrize("wrong", ["nonsense", "5", "-1-0", "1-0-0", "1-" + "9" * 30])
def test_what_is_no_events_id_is_refused_by_its_name(api: Api, sid: str, wrong: str) -> None:
    rid = api.submit(sid, "hello")
    path = f"/v1/sessions/{sid}/replies/{rid}/events"
    by_header = api.http.get(path, headers={"Last-Event-ID": wrong})
    by_query = api.http.get(path, params={"last_event_id": wrong})
    assert [response.status_code for response in (by_header, by_query)] == [422, 422]
    assert [response.json()["field"] for response in (by_header, by_query)] == [
        "Last-Event-ID",
        "last_event_id",
    ]


def test_a_reply_that_is_not_there_has_no_events(api: Api, sid: str) -> None:
    rid = api.submit(sid, "hello")
    for path in (f"{sid}/replies/r_unknown", f"{sid}-other/replies/{rid}"):
        response = api.http.get(f"/v1/sessions/{path}/events")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_events_that_have_expired_are_told_from_the_reply(api: Api, redis: redis_py.Redis, sid: str) -> None:
    rid = api.submit(sid, "hello")
    reply = api.ended(sid, rid)
    assert redis.delete(*redis.scan_iter(f"*:events:{rid}"))
    events = streamed(api, sid, rid)
    assert [event.kind for event in events] == ["status", "delta", "usage", "done"]
    assert (text(events), events[-1].data) == (reply["text"], reply)
    assert streamed(api, sid, rid, after=events[1].id) == events
    path = f"/v1/sessions/{sid}/replies/{rid}/events"
    assert api.http.get(path, headers={"Last-Event-ID": events[-1].id}).status_code == 204


@pytest.mark.parametrize("kind", ["cut_stream", "end_early"])
def test_a_model_that_breaks_off_has_its_words_taken_back(
    api: Api, model: OfflineModel, sid: str, kind: str
) -> None:
    model.fault(kind, after_chunks=2, text=LONG, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        events = list(stream)
    reply = whole(api, sid, rid, events)
    assert (reply["status"], reply["attempts"]) == ("completed", 1)
    statuses = [event.data for event in events if event.data.get("status") == "in_progress"]
    assert statuses == [{"status": "in_progress", "attempt": 1}] * 2
    assert text(events) == reply["text"]
    assert LONG[:20] not in text(streamed(api, sid, rid))


def test_a_fault_before_the_first_word_is_no_news(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("429", retry_delay=0.2, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    api.ended(sid, rid)
    assert [event.kind for event in streamed(api, sid, rid)] == ["status", "delta", "usage", "done"]


def test_a_reply_that_fails_ends_its_stream_with_the_reason(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("blocked", match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    events = streamed(api, sid, rid)
    assert whole(api, sid, rid, events)["error"]["code"] == "blocked"


def test_a_reply_that_is_cancelled_while_it_is_streamed_ends_its_stream(
    api: Api, model: OfflineModel, sid: str
) -> None:
    in_mid_stream(model, sid)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        events = stream.until("delta")
        api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel").raise_for_status()
        events += list(stream)
    assert whole(api, sid, rid, events)["status"] == "cancelled"


def test_a_reply_that_is_deleted_while_it_is_streamed_ends_its_stream(
    api: Api, model: OfflineModel, sid: str
) -> None:
    in_mid_stream(model, sid)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        stream.until("delta")
        assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204
        events = list(stream)
    assert (events[-1].kind, events[-1].data["code"], events[-1].data["status"]) == (
        "error",
        "not_found",
        404,
    )
    assert {event.kind for event in events[:-1]} <= {"delta"}


def test_f29_a_worker_killed_in_mid_stream_costs_its_words_and_not_the_stream(
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    # Elsewhere the producer's death lost the stream.
    stack = make_stack()
    worker, api = stack.worker("replies"), stack.web()
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
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack()
    stack.worker("replies")
    one = stack.web()
    killed = stack.processes[-1]
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
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    stack = make_stack()
    stack.worker("replies")
    api = stack.web()
    web = stack.processes[-1]
    in_mid_stream(model, sid, seconds=0.2)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        events = stream.until("delta")
        web.terminate()
        events += list(stream)  # a whole response, and not a broken one
    assert events[-1].kind == "delta"
    assert web.ended(6)
    other = stack.web()
    events += streamed(other, sid, rid, after=events[-1].id)
    whole(other, sid, rid, events)
    assert text(events) == LONG


@pytest.fixture
def alive(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    return make_stack(BACKSCROLL_HEARTBEAT="0.2")


def test_a_stream_shows_that_it_is_there_while_nothing_comes(
    alive: Stack, model: OfflineModel, sid: str
) -> None:
    api = alive.start("replies")
    model.fault("delay", seconds=2, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    with streaming(api, sid, rid) as stream:
        stream.until("done")
        assert stream.comments >= 3


def listening(redis: redis_py.Redis) -> int:
    """Count the connections that listen to the events of a reply."""
    return sum(count for _, count in redis.pubsub_numsub(*redis.pubsub_channels("bs:*:events:*")))


def test_a_client_that_is_gone_is_noticed_by_the_heartbeat(
    alive: Stack, model: OfflineModel, sid: str
) -> None:
    api = alive.web()
    rid = api.submit(sid, "nobody answers")
    with redis_py.Redis.from_url(alive.env["REDIS_URL"]) as redis:
        with streaming(api, sid, rid) as stream:
            stream.until("status")
            until("somebody listens", lambda: listening(redis) == 1)
        until("nobody does", lambda: not listening(redis), seconds=5)


def test_a_hundred_who_stream_cost_redis_no_connection_each(
    api: Api, model: OfflineModel, redis: redis_py.Redis, sid: str
) -> None:
    in_mid_stream(model, sid)
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


def test_an_ended_reply_is_known_by_its_etag_and_others_are_not_kept(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("delay", seconds=1, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    path = f"/v1/sessions/{sid}/replies/{rid}"
    waiting = api.http.get(path)
    assert (waiting.headers["Cache-Control"], waiting.headers["Retry-After"]) == ("no-store", "1")
    assert "ETag" not in waiting.headers
    api.ended(sid, rid)
    ended = api.http.get(path)
    assert ended.headers["Cache-Control"] == "private, no-cache"
    assert "Retry-After" not in ended.headers
    etag = ended.headers["ETag"]
    assert etag.startswith('"')
    again = api.http.get(path, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    other = api.http.get(path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.json()) == (200, ended.json())
    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204
    assert api.http.get(path, headers={"If-None-Match": etag}).status_code == 404


def test_who_comes_back_finds_what_was_in_work_and_picks_it_up(
    api: Api, model: OfflineModel, sid: str
) -> None:
    api.say(sid, "before")
    in_mid_stream(model, f"during {sid}")
    rid = api.submit(sid, f"during {sid}")
    waiting = api.submit(sid, "behind")
    in_work(api, model, sid, f"during {sid}")
    state = api.session(sid)
    assert state["pending"] == [rid, waiting]
    assert state["in_work"]
    found = state["replies"]
    assert [each["id"] for each in found][:2] == [waiting, rid]
    assert [each["status"] for each in found] == ["queued", "in_progress", "completed"]
    assert [each["finished_at"] is not None for each in found] == [False, False, True]
    assert api.http.get(found[1]["location"]).json()["id"] == rid
    with api.http.stream("GET", found[1]["events"]) as response:
        assert response.status_code == 200
        lines = list(response.iter_lines())
    assert "event: done" in lines
