"""`DELETE` erases every trace of a session, whatever is in work at that moment."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import pytest
import redis as redis_py

from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.working import in_mid_stream, in_work

MEDIUM = b"\x89PNG of "
FILLER = "We went on about the harbour, the ferries and the price of herring. " * 3


@pytest.fixture
def everywhere(redis_server: EmbeddedRedis) -> Iterator[list[redis_py.Redis]]:
    """The history's database and the broker's."""
    found = [redis_py.Redis.from_url(redis_server.url.replace("db=0", f"db={number}")) for number in (0, 1)]
    yield found
    for client in found:
        client.close()


def traces(databases: list[redis_py.Redis], sid: str) -> list[str]:
    """Name each key in whose name or value the session's name stands, as it is or compressed.

    Every text, medium and setting of these tests holds it.
    """
    return [
        f"{key!r}: {value[:80]!r}"
        for client in databases
        for key in client.scan_iter(count=1000)
        for value in (b" ".join((key, *values(client, key))),)
        if sid.encode() in value
    ]


def values(client: redis_py.Redis, key: bytes) -> Iterator[bytes]:
    """Give all that a key holds; an archive's blocks as they were before they were packed."""
    read: dict[bytes, Callable[[], Iterable[bytes]]] = {
        b"string": lambda: [client.get(key) or b""],
        b"hash": lambda: chain.from_iterable(client.hgetall(key).items()),
        b"list": lambda: chain.from_iterable(map(unpacked, client.lrange(key, 0, -1))),
        b"stream": lambda: chain.from_iterable(fields.values() for _, fields in client.xrange(key)),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1),
        b"none": list,  # it has gone meanwhile
    }
    yield from read[client.type(key)]()


def unpacked(value: bytes) -> list[bytes]:
    """Give a value, and what an archive's block holds."""
    head, _, packed = value.partition(b"\n")
    return [value, zlib.decompress(packed)] if re.fullmatch(rb"1 \d+ \d+", head) else [value]


def lived_in(api: Api, sid: str) -> None:
    """A session in which every feature has left something."""
    settings = {"system_instruction": f"Be kind to {sid}.", "ttl": 3600}
    api.http.put(f"/v1/sessions/{sid}", json=settings).raise_for_status()
    picture = {"inlineData": {"mimeType": "image/png", "data": b64encode(MEDIUM + sid.encode()).decode()}}
    said = [{"text": f"look at this, {sid}"}, picture]
    posted = api.http.post(
        f"/v1/sessions/{sid}/messages", json={"parts": said}, headers={"Idempotency-Key": f"key-of-{sid}"}
    )
    api.ended(sid, posted.raise_for_status().json()["id"])
    for number in range(3):
        api.say(sid, f"In {sid} the locker {number}00{number} has the code {sid}-{number}. {FILLER}")
    compact(api, sid)
    api.until_session(sid, "a chapter is there", lambda state: state["chapters"])
    # SPOOL: have the store go away for a turn here, so that something of the session lies in the spool.


def compact(api: Api, sid: str) -> None:
    api.http.post(f"/v1/sessions/{sid}/compact", json={"keep": 1}).raise_for_status()


def nothing(api: Api, model: OfflineModel, sid: str) -> None:
    """Nothing is in work."""


def turn(api: Api, model: OfflineModel, sid: str) -> None:
    """A turn is in work, and another one waits."""
    model.fault("delay", seconds=2, target="reply", match=f"answer late, {sid}")
    api.submit(sid, f"answer late, {sid}")
    api.post(sid, f"and this, {sid}", headers={"Idempotency-Key": f"another-key-of-{sid}"})
    in_work(api, model, sid, f"answer late, {sid}")


def stream(api: Api, model: OfflineModel, sid: str) -> None:
    """An answer is being streamed."""
    in_mid_stream(model, f"slowly, {sid}")
    api.submit(sid, f"slowly, {sid}")
    until("it is being streamed", model.in_flight)


def pause(api: Api, model: OfflineModel, sid: str) -> None:
    """A turn waits, because the model asked for a pause."""
    model.fault("429", retry_delay=40, match=f"not now, {sid}")
    api.submit(sid, f"not now, {sid}")
    until("the model has asked for a pause", lambda: not model.orders())
    api.until_session(sid, "the turn is put off", lambda state: not state["in_work"])


def summary(api: Api, model: OfflineModel, sid: str) -> None:
    """A summary is in work."""
    api.say(sid, f"one turn more in {sid}. {FILLER}")
    asked = len(model.requests("summary", containing=sid))
    model.fault("delay", seconds=2, target="summary", match=sid)
    compact(api, sid)
    until("it is in work", lambda: len(model.requests("summary", containing=sid)) > asked)


def offer(api: Api, model: OfflineModel, sid: str) -> None:
    """A summary waits for the turn in work to end."""
    api.say(sid, f"one turn more in {sid}. {FILLER}")
    asked = len(model.requests("summary", containing=sid))
    turn(api, model, sid)
    compact(api, sid)
    until("the summary was made", lambda: len(model.requests("summary", containing=sid)) > asked)


@pytest.mark.parametrize(
    "in_the_middle", [nothing, turn, stream, pause, summary, offer], ids=lambda f: f.__name__
)
def test_a_deleted_session_leaves_no_trace(
    api: Api,
    model: OfflineModel,
    everywhere: list[redis_py.Redis],
    sid: str,
    in_the_middle: Callable[[Api, OfflineModel, str], None],
) -> None:
    lived_in(api, sid)
    in_the_middle(api, model, sid)
    assert len(traces(everywhere, sid)) >= 8, "the search finds what is there"

    assert api.http.delete(f"/v1/sessions/{sid}").status_code == 204

    until("doorbells were heard and nothing is left", lambda: not traces(everywhere, sid))
    # What was in work has ended, and others were answered since: nothing came back.
    until("the model has nothing in work", lambda: not model.in_flight())
    api.say(f"s-other-{sid[::-1]}", "hello")
    assert traces(everywhere, sid) == []
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 404
