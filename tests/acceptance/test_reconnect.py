"""Clients that come back: what they left is found, and what they have already is not sent again."""

from __future__ import annotations

from tests.stack.api import Api
from tests.stack.offline import OfflineModel
from tests.stack.working import in_mid_stream, in_work


def test_an_ended_reply_is_known_by_its_etag_and_others_are_not_kept(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("delay", seconds=2, match=sid)
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
