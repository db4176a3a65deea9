"""Messages of more than text: all of it reaches the model byte for byte, and media lie apart."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
import redis as redis_py

from tests.stack.api import Api, Json
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

FILLER = "We went on for a while about the harbour, the ferries and the price of herring in the old town."


def png(name: str) -> bytes:
    """Draw a picture that no other test has: one grey line, as long as the name."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(name), 1, 8, 0, 0, 0, 0)
    line = zlib.compress(b"\0" + name.encode())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", line) + chunk(b"IEND", b"")


def inline(data: bytes, mime: str = "image/png") -> Json:
    return {"inlineData": {"mimeType": mime, "data": b64encode(data).decode()}}


def reference(data: bytes, mime: str = "image/png") -> Json:
    shown = {"mimeType": mime, "sha256": sha256(data).hexdigest(), "size": len(data)}
    return {"type": "inline_data", "inlineData": shown}


def say(api: Api, sid: str, *parts: Json) -> Json:
    """Post a message in parts and wait for its answer, which must be complete."""
    response = api.http.post(
        f"/v1/sessions/{sid}/messages", json={"parts": list(parts)}, headers={"Prefer": "wait=40"}
    )
    assert response.status_code == 200, response.text
    reply: Json = response.json()
    assert reply["status"] == "completed", reply
    return reply


def get_media(api: Api, sid: str, data: bytes, **headers: str) -> Any:
    return api.http.get(f"/v1/sessions/{sid}/media/{sha256(data).hexdigest()}", headers=headers)


def digests_sent(request: Json) -> list[str]:
    """Give the SHA-256 of all media in a request; the offline model may tell that instead of the bytes."""
    found = [
        part["inlineData"]["data"]
        for content in request["body"]["contents"]
        for part in content["parts"]
        if "inlineData" in part
    ]
    return [
        data.removeprefix("sha256:")
        if data.startswith("sha256:")
        else sha256(urlsafe_b64decode(data)).hexdigest()
        for data in found
    ]


def test_a_picture_reaches_the_model_byte_for_byte_on_this_turn_and_the_next(
    api: Api, model: OfflineModel, sid: str
) -> None:
    picture = png(sid)
    say(api, sid, {"text": f"What is this, {sid}?"}, inline(picture))
    api.say(sid, f"And what else, {sid}?")

    requests = model.requests("reply", containing=sid)

    assert [digests_sent(request) for request in requests] == [[sha256(picture).hexdigest()]] * 2
    blob = requests[-1]["body"]["contents"][0]["parts"][1]["inlineData"]
    assert blob.get("mimeType", blob.get("mime_type")) == "image/png"


def test_the_history_shows_references_and_redis_holds_the_bytes_once(
    api: Api, redis: redis_py.Redis, sid: str
) -> None:
    picture = png(sid)
    reply = say(api, sid, {"text": "look"}, inline(picture))
    say(api, sid, inline(picture), {"text": "the same again"})

    shown = [message["parts"] for message in api.transcript(sid)[::2]]

    text = {"type": "text", "text": "look"}
    assert shown == [
        [text, reference(picture)],
        [reference(picture), {"type": "text", "text": "the same again"}],
    ]
    assert reply["status"] == "completed"
    held = {key: redis.dump(key) for key in redis.scan_iter(f"*/{sid}:*")}
    lists = [item for key in held if redis.type(key) == b"list" for item in redis.lrange(key, 0, -1)]
    assert lists
    assert b64encode(picture)[:40] not in b"".join(lists)
    (media,) = (key for key in held if key.endswith(b":media"))
    assert redis.hlen(media) == 2, "the picture, and how many bytes there are"


def test_media_are_served_as_they_were_posted_and_can_do_no_harm(api: Api, sid: str) -> None:
    page = b"<script>alert(document.domain)</script>" + sid.encode()
    say(api, sid, {"text": "look"}, inline(page, "text/html"))

    served = get_media(api, sid, page)

    assert (served.status_code, served.content) == (200, page)
    assert served.headers["Content-Type"] == "text/html"
    assert served.headers["Content-Disposition"] == "attachment"
    assert served.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Cache-Control"] == "private, immutable"
    assert served.headers["ETag"] == f'"{sha256(page).hexdigest()}"'
    again = get_media(api, sid, page, **{"If-None-Match": served.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_media_that_are_not_there_are_a_404_and_what_is_no_digest_a_422(api: Api, sid: str) -> None:
    picture = png(sid)
    say(api, sid, inline(picture))
    api.say(f"{sid}-other", "hello")
    for session in (f"{sid}-other", f"{sid}-nobody"):
        assert get_media(api, session, picture).status_code == 404
    for name in ("bytes", "0" * 63, "G" * 64, sha256(picture).hexdigest().upper()):
        wrong = api.http.get(f"/v1/sessions/{sid}/media/{name}")
        assert (wrong.status_code, wrong.json()["field"]) == (422, "sha256")


def test_a_deleted_session_leaves_no_media(api: Api, redis: redis_py.Redis, sid: str) -> None:
    picture = png(sid)
    say(api, sid, inline(picture))
    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204
    assert get_media(api, sid, picture).status_code == 404
    assert not [key for key in redis.scan_iter(f"*/{sid}:*") if b":reply:" not in key]
    api.say(sid, "a new beginning")
    assert get_media(api, sid, picture).status_code == 404


@pytest.mark.parametrize(
    ("posted", "stored"),
    [
        (
            {"file_data": {"file_uri": "https://example.org/a.pdf", "mime_type": "application/pdf"}},
            {
                "type": "file_data",
                "fileData": {"fileUri": "https://example.org/a.pdf", "mimeType": "application/pdf"},
            },
        ),
        (
            {
                "type": "function_response",
                "function_response": {"name": "now", "response": {"a_b": [1, None]}},
            },
            {
                "type": "function_response",
                "functionResponse": {"name": "now", "response": {"a_b": [1, None]}},
            },
        ),
    ],
)
def test_other_parts_are_stored_as_gemini_spells_them(api: Api, sid: str, posted: Json, stored: Json) -> None:
    say(api, sid, posted, {"text": "there"})
    assert api.transcript(sid)[0]["parts"] == [stored, {"type": "text", "text": "there"}]


def test_merged_messages_keep_their_media(api: Api, model: OfflineModel, sid: str) -> None:
    model.fault("delay", seconds=4, match=sid)
    api.submit(sid, f"first, {sid}")
    api.until_session(sid, "the turn is in work", lambda state: state["in_work"])
    pictures = [png(f"{sid}-{number}") for number in range(2)]
    for picture in pictures:
        body = {"parts": [{"text": "look"}, inline(picture)], "on_busy": "merge"}
        accepted = api.http.post(f"/v1/sessions/{sid}/messages", json=body).json()
    api.ended(sid, accepted["id"])
    assert digests_sent(model.requests("reply", containing=sid)[-1]) == [
        sha256(picture).hexdigest() for picture in pictures
    ]
    assert [part["type"] for part in api.transcript(sid)[2]["parts"]] == ["text", "inline_data"] * 2


def test_f14_a_compaction_sees_placeholders_and_the_transcript_keeps_the_media(
    api: Api, model: OfflineModel, sid: str
) -> None:
    # Elsewhere a compaction of base64 images made a request of two million tokens.
    picture = png(sid)
    say(api, sid, {"text": f"look, {sid}"}, inline(picture))
    for number in range(14):
        api.say(sid, f"Remark {number}: {FILLER}")
    api.until_session(sid, "a chapter is there", lambda state: state["chapters"])

    (summary,) = model.requests("summary", containing=f"look, {sid}")
    assert f"[1] user: look, {sid} (inline_data)" in json.dumps(summary["body"])
    assert digests_sent(summary) == []
    assert api.context(sid)["messages"][0]["seq"] > 1
    assert api.transcript(sid)[0]["parts"][1] == reference(picture)
    assert get_media(api, sid, picture).content == picture
    api.say(sid, f"and now, {sid}?")
    assert digests_sent(model.requests("reply", containing=f"and now, {sid}")[-1]) == []


def test_a_session_whose_media_are_full_says_so_and_still_takes_words(
    make_stack: Callable[..., Stack], sid: str
) -> None:
    api = make_stack(BACKSCROLL_MEDIA_BYTES="1024", BACKSCROLL_SESSION_MEDIA_BYTES="2048").web()

    def post(size: int, letter: str) -> Any:
        parts = [{"text": "look"}, inline(letter.encode() * size)]
        return api.http.post(f"/v1/sessions/{sid}/messages", json={"parts": parts})

    large = post(1025, "a")
    assert (large.status_code, large.json()["code"], large.json()["field"]) == (413, "too_large", "parts")
    assert [post(1000, letter).status_code for letter in "aba"] == [202, 202, 202]
    full = post(1000, "c")
    assert (full.status_code, full.json()["code"], full.json()["field"]) == (413, "media_full", "parts")
    assert api.post(sid, "only words").status_code == 202
    assert len(api.session(sid)["pending"]) == 4
