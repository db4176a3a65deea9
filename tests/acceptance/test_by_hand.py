"""Compactions by hand: forced when somebody wants one, seen in all detail, and undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.test_compaction import compacted, talk
from tests.stack.api import Api, Json, user_texts
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack
from tests.stack.working import in_work

JSON = {"Content-Type": "application/json"}


def compact(api: Api, sid: str, **body: Any) -> Json:
    """Force a compaction and wait until it is there."""
    before = api.session(sid)["compactions"]["done"]
    response = api.http.post(f"/v1/sessions/{sid}/compact", json=body or None)
    assert response.status_code == 202, response.text
    assert response.json() == {"session": sid, "compaction": "queued"}
    assert response.headers["Location"] == f"/v1/sessions/{sid}"
    return api.until_session(
        sid, "it is compacted", lambda s: s["compactions"]["done"] > before and compacted(s)
    )


def restore(api: Api, sid: str, **body: Any) -> Json:
    response = api.http.post(f"/v1/sessions/{sid}/restore", json=body or None)
    assert response.status_code == 200, response.text
    found: Json = response.json()
    return found


def test_a_compaction_can_be_forced_and_told_how_much_to_leave(api: Api, sid: str) -> None:
    said = talk(api, sid, 6)
    state = compact(api, sid, keep=2)
    assert state["watermark"] == 8
    assert [message["seq"] for message in api.context(sid)["messages"]] == [9, 10, 11, 12]
    assert user_texts(api.transcript(sid)) == said


def test_a_compaction_that_is_forced_leaves_as_much_as_ever(api: Api, sid: str) -> None:
    talk(api, sid, 12)
    assert compact(api, sid)["watermark"] == 4


def test_a_forced_compaction_that_has_nothing_to_do_ends(api: Api, sid: str) -> None:
    talk(api, sid, 2)
    assert api.http.post(f"/v1/sessions/{sid}/compact").status_code == 202
    state = api.until_session(sid, "it is over", lambda state: state["compaction"] == "none")
    assert not state["chapters"]


def test_f38_where_and_how_a_history_was_compressed_is_shown(api: Api, model: OfflineModel, sid: str) -> None:
    # Elsewhere users could not see it.
    model.fault("text", target="summary", match=sid, count=1, text="NONE")
    api.say(sid, f"This is {sid}.")
    talk(api, sid, 5)
    state = compact(api, sid, keep=2)
    (chapter,) = state["chapters"]
    assert (chapter["first"], chapter["last"], chapter["level"]) == (1, 8, 0)
    assert 0 < chapter["tokens_after"] < chapter["tokens_before"]
    assert chapter["gate"] == {"verdict": "passed", "refused_before": ["empty"]}
    assert chapter["model"]
    assert chapter["prompt"]
    assert chapter["ts"].endswith("Z")
    assert "text" not in chapter
    costs = state["compactions"]
    assert costs["summary_calls"] == 2
    assert costs["summary_input_tokens"] > chapter["tokens_before"]
    assert costs["summary_output_tokens"] > 0
    # The ledger grows by a part of what the chapter saves.
    assert 0 < costs["tokens_saved"] <= chapter["tokens_before"] - chapter["tokens_after"]

    context = api.context(sid)
    (told,) = context["chapters"]
    assert {name: told[name] for name in chapter} == chapter
    assert told["text"]
    assert {"decisions", "open_tasks", "facts"} <= set(told)
    assert set(context["ledger"]) == {"entries", "open_tasks", "dropped", "text"}


def test_what_is_restored_stands_in_the_next_prompt_word_for_word(
    api: Api, model: OfflineModel, sid: str
) -> None:
    said = talk(api, sid, 16)
    state = api.until_session(sid, "a chapter is there", compacted)
    restored = restore(api, sid)
    assert restored["chapters_restored"] == len(state["chapters"])
    assert restored["messages_restored"] == state["watermark"]
    assert (restored["session"], restored["watermark"]) == (sid, 0)
    assert restored["context_tokens"] > state["context_tokens"]
    assert "reason" not in restored

    question = f"What did we speak of, {sid}?"
    api.say(sid, question)
    contents = model.requests("reply", containing=question)[-1]["body"]["contents"]
    sent = ["".join(part["text"] for part in content["parts"]) for content in contents]
    assert sent == [message["text"] for message in api.transcript(sid)[:-1]]
    assert sent[::2] == [*said, question]
    state = api.session(sid)
    assert (state["chapters"], state["watermark"], state["compaction"]) == ([], 0, "none"), "nor undone by it"

    assert compact(api, sid)["watermark"] > 0, "it can be compacted again"
    assert user_texts(api.transcript(sid)) == [*said, question]


def test_a_restore_brings_back_as_many_chapters_as_it_is_told(api: Api, sid: str) -> None:
    talk(api, sid, 6)
    compact(api, sid, keep=4)
    first = api.context(sid)["chapters"]
    compact(api, sid, keep=2)
    restored = restore(api, sid, chapters=1)
    assert (restored["chapters_restored"], restored["messages_restored"], restored["watermark"]) == (1, 4, 4)
    assert api.context(sid)["chapters"] == first
    assert restore(api, sid)["watermark"] == 0
    assert restore(api, sid) == {
        "session": sid,
        "chapters_restored": 0,
        "messages_restored": 0,
        "watermark": 0,
        "context_tokens": restored["context_tokens"] + _grown(first),
        "reason": "nothing_compacted",
    }


def _grown(chapters: list[Json]) -> int:
    return sum(chapter["tokens_before"] - chapter["tokens_after"] for chapter in chapters)


def test_a_restore_stays_within_the_budget_of_the_context(shared_stack: Stack, api: Api, sid: str) -> None:
    api = shared_stack.web(BACKSCROLL_CONTEXT_TOKENS="700")  # who restores asks for the budget
    api.say(sid, "word " * 600)
    talk(api, sid, 4)
    compact(api, sid, keep=3)
    large = api.context(sid)["chapters"]
    compact(api, sid, keep=1)
    restored = restore(api, sid)
    assert restored["chapters_restored"] == 1
    assert restored["context_tokens"] <= 700

    before = api.context(sid)
    assert before["chapters"] == large
    assert restore(api, sid) == {
        "session": sid,
        "chapters_restored": 0,
        "messages_restored": 0,
        "watermark": large[-1]["last"],
        "context_tokens": restored["context_tokens"],
        "reason": "budget",
    }
    refused = api.http.post(f"/v1/sessions/{sid}/restore", json={"chapters": 1})
    assert (refused.status_code, refused.json()["field"]) == (422, "chapters")
    assert api.context(sid) == before


def test_while_a_turn_is_in_work_a_restore_is_told_to_come_back(
    api: Api, model: OfflineModel, sid: str
) -> None:
    talk(api, sid, 4)
    compact(api, sid, keep=2)
    model.fault("delay", target="reply", match=f"slow {sid}", seconds=5)
    rid = api.submit(sid, f"slow {sid}")
    in_work(api, model, sid, f"slow {sid}")
    refused = api.http.post(f"/v1/sessions/{sid}/restore")
    assert (refused.status_code, refused.json()["code"]) == (409, "session_busy")
    assert int(refused.headers["Retry-After"]) >= 1
    assert api.ended(sid, rid)["status"] == "completed"
    assert restore(api, sid)["chapters_restored"] == 1


@pytest.mark.parametrize("route", ["compact", "restore"])
def test_a_session_that_is_not_there_can_neither_be_compacted_nor_restored(
    api: Api, sid: str, route: str
) -> None:
    response = api.http.post(f"/v1/sessions/{sid}/{route}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 404


BODIES = [
    ("compact", b'{"keep":0}', JSON, 422, "keep"),
    ("compact", b'{"keep":1001}', JSON, 422, "keep"),
    ("compact", b'{"keep":"two"}', JSON, 422, "keep"),
    ("compact", b'{"keep":2.5}', JSON, 422, "keep"),
    ("compact", b'{"chapters":1}', JSON, 422, "chapters"),
    ("compact", b"[]", JSON, 422, "body"),
    ("compact", b"{", JSON, 400, "body"),
    ("compact", b"keep=2", {"Content-Type": "application/x-www-form-urlencoded"}, 415, None),
    ("restore", b'{"chapters":0}', JSON, 422, "chapters"),
    ("restore", b'{"chapters":"all"}', JSON, 422, "chapters"),
    ("restore", b'{"keep":1}', JSON, 422, "keep"),
    ("restore", b"{", JSON, 400, "body"),
]


@pytest.mark.parametrize(("route", "data", "headers", "status", "field"), BODIES)
def test_a_bad_body_is_refused_by_its_field(
    api: Api, sid: str, route: str, data: bytes, headers: dict[str, str], status: int, field: str | None
) -> None:
    response = api.http.post(f"/v1/sessions/{sid}/{route}", content=data, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json().get("field") == field


@pytest.mark.parametrize(
    ("data", "headers"), [(b"", {}), (b"", JSON), (b"{}", JSON), (b'{"keep":null}', JSON)]
)
def test_a_body_may_be_left_out(api: Api, sid: str, data: bytes, headers: dict[str, str]) -> None:
    api.say(sid, "hello")
    response = api.http.post(f"/v1/sessions/{sid}/compact", content=data, headers=headers)
    assert response.status_code == 202, response.text
