"""No request is larger than the ceiling: what cannot fit is refused, what no longer fits fails by name."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import redis as redis_py

from backscroll import Backscroll
from backscroll.errors import TooLarge
from backscroll.messages.media import inline as inline_part
from backscroll.messages.part import Text
from tests.stack.api import Api, Json, user_texts
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

MIB = 2**20
RULES = "Be brief and to the point. " * 2300  # some 15,500 tokens
# Estimated as 35,280 tokens: it fits below 40,000 alone, and not beside the rules.
LARGE = 6 * MIB


@pytest.fixture
def api(api: Api, sid: str) -> Iterator[Api]:
    """A client of the shared deployment; no compaction of what is large here meets later tests."""
    yield api
    api.http.delete(f"/v1/sessions/{sid}")


def inline(data: bytes, mime: str = "image/png") -> Json:
    return {"inlineData": {"mimeType": mime, "data": b64encode(data).decode()}}


def pictures(count: int) -> list[Json]:
    return [inline(f"picture {number}".encode()) for number in range(count)]


def document(size: int) -> Json:
    return inline(b"%PDF" + bytes(size - 4), "application/pdf")


def post(api: Api, sid: str, *parts: Json, **body: Any) -> httpx2.Response:
    return api.http.post(f"/v1/sessions/{sid}/messages", json={"parts": list(parts), **body})


def accepted(response: httpx2.Response) -> str:
    assert response.status_code == 202, response.text
    reply_id: str = response.json()["id"]
    return reply_id


def check_refused(response: httpx2.Response, *numbers: str, field: str = "parts") -> None:
    assert response.status_code == 413, response.text
    problem = response.json()
    assert (problem["code"], problem["field"]) == ("too_large", field)
    assert problem["detail"].startswith(f"{field} ")
    assert [number for number in numbers if number not in problem["detail"]] == []


@pytest.mark.parametrize(
    ("parts", "estimate"),
    [
        (pictures(63), "69,301"),
        ([document(8 * MIB)], "47,041"),
        ([{"fileData": {"fileUri": f"https://a/{n}", "mimeType": "image/png"}} for n in range(60)], "67,"),
    ],
    ids=["pictures", "a document", "pictures elsewhere"],
)
def test_a_message_that_cannot_fit_is_refused_and_leaves_nothing(
    api: Api, redis: redis_py.Redis, sid: str, parts: list[Json], estimate: str
) -> None:
    check_refused(post(api, sid, {"text": "look"}, *parts), estimate, "40,000")
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 404
    assert not list(redis.scan_iter(match=f"*{sid}*"))


def test_a_large_document_that_fits_alone_is_answered(api: Api, sid: str) -> None:
    reply = api.ended(sid, accepted(post(api, sid, {"text": "Read it."}, document(LARGE))))
    assert reply["status"] == "completed"


def test_what_does_not_fit_beside_the_sessions_settings_is_refused_and_a_text_is_not(
    api: Api, redis: redis_py.Redis, sid: str
) -> None:
    api.http.put(f"/v1/sessions/{sid}", json={"system_instruction": RULES}).raise_for_status()
    check_refused(post(api, sid, document(LARGE)), "35,280", "40,000", "15,5")
    assert not list(redis.scan_iter(match=f"*{sid}*:media*"))
    assert api.session(sid)["pending"] == []
    assert api.say(sid, "x" * 60_000)["status"] == "completed"


def test_messages_merge_only_as_far_as_they_fit_together(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=3, match=f"first {sid}")
    first = api.submit(sid, f"first {sid}")
    api.until_session(sid, "the first turn is in work", lambda state: state["in_work"])
    waits = accepted(post(api, sid, *pictures(30), on_busy="merge"))
    more = [accepted(post(api, sid, *pictures(count), on_busy="merge")) for count in (10, 20, 10)]
    assert waits not in (first, *more), "30 and 10 pictures are 44,000 tokens"
    assert more[0] == more[1], "10 and 20 pictures are 33,000 tokens"
    assert more[2] not in (waits, more[0])
    said = [api.ended(sid, each)["status"] for each in dict.fromkeys((first, waits, *more))]
    assert said == ["completed"] * 4


def test_settings_that_were_raised_meanwhile_fail_what_no_longer_fits_and_nothing_else(
    api: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("delay", seconds=3, match=f"first {sid}")
    first = api.submit(sid, f"first {sid}")
    api.until_session(sid, "the first turn is in work", lambda state: state["in_work"])
    large = accepted(post(api, sid, {"text": f"large {sid}"}, document(LARGE)))
    api.http.put(f"/v1/sessions/{sid}", json={"system_instruction": RULES}).raise_for_status()
    after = api.submit(sid, f"after {sid}")

    assert api.ended(sid, first)["status"] == "completed"
    failed = api.ended(sid, large)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "over_ceiling")
    assert failed["error"]["retryable"] is False
    assert "BACKSCROLL_CEILING_TOKENS" in failed["error"]["message"]
    assert "40,000" in failed["error"]["message"]
    assert api.ended(sid, after)["status"] == "completed"
    assert not model.requests("reply", containing=f"large {sid}"), "it was not sent"
    assert user_texts(api.transcript(sid)) == [f"first {sid}", f"after {sid}"]


def test_settings_that_leave_no_room_for_a_message_are_refused(
    make_stack: Callable[..., Stack], sid: str
) -> None:
    api = make_stack(
        BACKSCROLL_CEILING_TOKENS="1000", BACKSCROLL_CONTEXT_TOKENS="800", BACKSCROLL_MESSAGE_BYTES="2000"
    ).start()
    wide = api.http.put(f"/v1/sessions/{sid}", json={"system_instruction": "x" * 2000})
    assert (wide.status_code, wide.json()["field"]) == (413, "body")
    api.http.put(f"/v1/sessions/{sid}", json={"system_instruction": "x" * 1900}).raise_for_status()
    assert api.say(sid, "x" * 2000)["status"] == "completed"


def test_a_ceiling_that_was_lowered_refuses_and_fails_what_is_above_it(
    make_stack: Callable[..., Stack], sid: str
) -> None:
    stack = make_stack()
    api = stack.web()
    api.http.put(f"/v1/sessions/{sid}", json={"system_instruction": RULES}).raise_for_status()
    key = {"Idempotency-Key": "k"}
    large = api.submit(sid, text := "x" * 30_000, headers=key)
    lowered = {"BACKSCROLL_CEILING_TOKENS": "20000", "BACKSCROLL_MESSAGE_BYTES": "40000"}
    small_api = stack.web(**lowered)
    again = small_api.post(sid, text, headers=key)
    assert (again.status_code, again.json()["id"]) == (202, large), "it was accepted"
    check_refused(small_api.post(sid, text), "7,500", "20,000", field="text")
    small = small_api.submit(sid, "and now?")
    stack.worker("replies", **lowered)
    failed = api.ended(sid, large)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "over_ceiling")
    assert "20,000" in failed["error"]["message"]
    assert api.ended(sid, small)["status"] == "completed"


def test_the_library_refuses_it_too(make_stack: Callable[..., Stack], sid: str) -> None:
    with Backscroll(make_stack().env) as chat:
        with pytest.raises(TooLarge, match=r"70,4.. tokens.*40,000"):
            chat.send(sid, [Text("look"), *(inline_part("image/png", b"%d" % n) for n in range(64))])
        assert chat.send(sid, "hello").seq == 1
