"""Replies are read along while they come, over HTTP: from anywhere, and to the end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import pytest
import redis as redis_py

from tests.stack.api import Api
from tests.stack.offline import OfflineModel
from tests.stack.sse import Sent, streamed, streaming, text, whole
from tests.stack.working import LONG, in_mid_stream


def kinds(events: Iterable[Sent]) -> list[str]:
    """Give what kinds of events came; words of one answer may come in several deltas, on a slow machine."""
    return [kind for kind, _ in groupby(event.kind for event in events)]


def test_f28_who_comes_before_the_answer_and_who_comes_behind_it_get_the_same_and_then_the_end(
    api: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere late joiners saw nothing, and a stream whose end marker was lost hung its clients.
    model.fault("delay", seconds=3, match=f"first {sid}")
    api.submit(sid, f"first {sid}")
    in_mid_stream(model, f"second {sid}")
    rid = api.submit(sid, f"second {sid}")
    with streaming(api, sid, rid) as before:
        early = before.until("delta")
        assert early[0][1:] == ("status", {"status": "queued", "attempt": 0, "position": 1})
        early += list(before)
    late = streamed(api, sid, rid)
    reply = whole(api, sid, rid, early)
    assert reply["status"] == "completed"
    assert early[1:] == late
    assert [event.kind for event in late[:2]] == ["status", "delta"]
    assert text(late) == reply["text"]
    assert late[-2].kind == "usage"
    assert late[-2].data == reply["usage"]


def test_f28_who_joins_in_the_middle_is_told_what_was_said_before(
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
    in_mid_stream(model, sid)
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
    assert kinds(events) == ["status", "delta", "usage", "done"]
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
    assert kinds(streamed(api, sid, rid)) == ["status", "delta", "usage", "done"]


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
