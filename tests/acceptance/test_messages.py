"""A message is accepted at once, answered from the conversation, and remembered."""

from __future__ import annotations

from datetime import datetime

from tests.stack.api import Api, user_texts
from tests.stack.offline import OfflineModel


def test_a_message_is_accepted_at_once_and_answered_later(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=2, match=sid)

    accepted = api.post(sid, f"hello from {sid}")

    assert accepted.status_code == 202
    body = accepted.json()
    assert body["status"] == "queued"
    assert body["position"] == 0
    assert accepted.headers["Location"] == f"/v1/sessions/{sid}/replies/{body['id']}"
    assert int(accepted.headers["Retry-After"]) >= 1
    assert api.reply(sid, body["id"])["status"] in ("queued", "in_progress")

    ended = api.ended(sid, body["id"])
    assert ended["status"] == "completed"
    assert ended["text"]
    assert ended["parts"][0] == {"type": "text", "text": ended["text"]}
    assert ended["usage"]["prompt_tokens"] > 0
    assert ended["attempts"] == 1


def test_times_are_rfc_3339_in_utc_and_in_order(api: Api, sid: str) -> None:
    reply = api.say(sid, "what time is it?")
    times = [datetime.fromisoformat(reply[name]) for name in ("created_at", "started_at", "finished_at")]
    assert times == sorted(times)
    assert all(reply[name].endswith("Z") for name in ("created_at", "started_at", "finished_at"))


def test_prefer_wait_gives_the_finished_reply_in_one_request(api: Api, sid: str) -> None:
    response = api.post(sid, "hello", headers={"Prefer": "respond-async, wait=20"})
    assert response.status_code == 200
    assert response.headers["Preference-Applied"] == "wait=20"
    assert response.json()["status"] == "completed"


def test_prefer_wait_that_is_not_met_gives_the_reply_to_poll(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=3, match=sid)
    response = api.post(sid, f"hello from {sid}", headers={"Prefer": "wait=1"})
    assert response.status_code == 202
    assert "Preference-Applied" not in response.headers
    assert api.ended(sid, response.json()["id"])["status"] == "completed"


def test_a_wait_that_runs_out_returns_the_reply_as_it_stands(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=3, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    assert api.reply(sid, rid, wait=0.2)["status"] in ("queued", "in_progress")
    api.ended(sid, rid)


def test_the_answer_draws_on_what_was_said_before(api: Api, model: OfflineModel, sid: str) -> None:
    api.say(sid, "My locker at the station has the code 4711-B.")
    api.say(sid, "The weather is fine today.")
    assert "4711-B" in api.say(sid, "What is the code of my locker?")["text"]


def test_the_transcript_holds_every_message_in_order(api: Api, sid: str) -> None:
    said = [f"remark number {number}" for number in range(5)]
    replies = [api.say(sid, text) for text in said]

    messages = api.transcript(sid)

    assert user_texts(messages) == said
    assert [message["text"] for message in messages[1::2]] == [reply["text"] for reply in replies]
    assert [reply["seq"] for reply in replies] == [1, 3, 5, 7, 9]


def test_the_transcript_comes_in_pages(api: Api, sid: str) -> None:
    for number in range(3):
        api.say(sid, f"remark {number}")
    page = api.http.get(f"/v1/sessions/{sid}/history", params={"limit": 4}).json()
    assert [message["seq"] for message in page["messages"]] == [1, 2, 3, 4]
    rest = api.http.get(f"/v1/sessions/{sid}/history", params={"limit": 4, "after": page["next"]}).json()
    assert [message["seq"] for message in rest["messages"]] == [5, 6]
    assert rest["next"] is None


def test_f31_a_streamed_answer_is_one_message(api: Api, model: OfflineModel, sid: str) -> None:
    # Elsewhere each chunk of a stream became an entry of the history.
    long_answer = " ".join(f"word{number}" for number in range(200))
    model.fault("text", text=long_answer, match=sid)
    api.say(sid, f"tell me all, {sid}")
    answers = api.transcript(sid)[1::2]
    assert [answer["parts"] for answer in answers] == [[{"type": "text", "text": long_answer}]]


def test_a_message_may_name_its_model(api: Api, model: OfflineModel, sid: str) -> None:
    reply = api.say(sid, f"hello from {sid}", model="gemini-3.5-pro")
    assert reply["model"].startswith("gemini-3.5-pro")
    assert [request["model"] for request in model.requests(containing=sid)] == ["gemini-3.5-pro"]


def test_a_message_may_come_in_parts(api: Api, sid: str) -> None:
    parts = [{"text": "one "}, {"type": "text", "text": "and two"}]
    response = api.http.post(
        f"/v1/sessions/{sid}/messages", json={"parts": parts}, headers={"Prefer": "wait=20"}
    )
    assert response.status_code == 200
    assert [part["text"] for part in api.transcript(sid)[0]["parts"]] == ["one ", "and two"]


def test_a_deleted_session_is_gone_with_all_that_belonged_to_it(api: Api, sid: str) -> None:
    rid = api.say(sid, "remember me")["id"]
    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204
    for path in ("", "/history", f"/replies/{rid}"):
        assert api.http.get(f"/v1/sessions/{sid}{path}").status_code == 404
    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 404


def test_a_session_deleted_in_mid_turn_stays_deleted(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=20, match=sid)
    rid = api.submit(sid, f"hello from {sid}")
    api.until_session(sid, "the turn is in work", lambda state: state["in_work"])
    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204
    assert api.http.get(f"/v1/sessions/{sid}/replies/{rid}?wait=10").status_code == 404
    api.say(sid, "a new beginning")
    assert user_texts(api.transcript(sid)) == ["a new beginning"]


def test_a_queued_and_a_running_reply_can_be_cancelled(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=20, match=f"first of {sid}")
    running, queued = api.submit(sid, f"first of {sid}"), api.submit(sid, f"second of {sid}")
    api.until_session(sid, "the first turn is in work", lambda state: state["in_work"])
    for rid in (queued, running, running):
        response = api.http.post(f"/v1/sessions/{sid}/replies/{rid}/cancel")
        assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    api.say(sid, "something else")
    assert user_texts(api.transcript(sid)) == ["something else"]


def test_the_same_idempotency_key_gives_the_same_reply(api: Api, sid: str) -> None:
    first = api.post(sid, "once only", headers={"Idempotency-Key": "k1"})
    api.ended(sid, first.json()["id"])
    again = api.post(sid, "once only", headers={"Idempotency-Key": "k1"})
    other = api.post(sid, "something else", headers={"Idempotency-Key": "k1"})
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert user_texts(api.transcript(sid)) == ["once only"]


def test_a_live_and_ready_deployment_says_so(api: Api) -> None:
    assert api.http.get("/healthz").json() == {"alive": True}
    assert api.http.get("/readyz").json() == {"ready": True, "down": []}
