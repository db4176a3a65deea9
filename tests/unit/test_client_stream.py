"""A stream as the client reads it: however it is cut, wherever it breaks, the same events come once each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backscroll.client import (
    AsyncClient,
    AsyncStream,
    Client,
    Delta,
    Ended,
    Event,
    NotBackscroll,
    NotEnded,
    Reply,
    Status,
    Tokens,
    Usage,
    WholePart,
)
from backscroll.errors import NotFound, TransientError
from tests.unit.served import Body, client, client_of, events, reply

CALL = {"type": "function_call", "functionCall": {"name": "look_up", "args": {"city": "Tromsø"}}}
WHOLE = {"id": "r_1", "status": "completed", "text": "Zoë 😀 ends", "usage": {"prompt_tokens": 3}}
SENT = [
    ("status", {"status": "queued", "attempt": 0, "position": 1}),
    ("status", {"status": "in_progress", "attempt": 1}),
    ("delta", {"text": "void"}),
    ("status", {"status": "in_progress", "attempt": 2}),
    ("delta", {"text": "hm", "thought": True}),
    ("delta", {"text": "Zoë 😀\u2028 "}),
    ("delta", {"text": "ends"}),
    ("part", CALL),
    ("something-new", {"of": "a newer server"}),
    ("usage", {"prompt_tokens": 3}),
    ("done", WHOLE),
]
END = Ended(Reply(id="r_1", status="completed", text="Zoë 😀 ends", usage=Usage(prompt_tokens=3)))
COMING: list[Event] = [
    Status(status="queued", attempt=0, position=1),
    Status(status="in_progress", attempt=1),
    Delta(text="void"),
    Status(status="in_progress", attempt=2),
    Delta(text="hm", thought=True),
    Delta(text="Zoë 😀\u2028 "),
    Delta(text="ends"),
    WholePart(CALL),
    Tokens(Usage(prompt_tokens=3)),
    END,
]


def written(after: int = 0, line: str = "\n") -> bytes:
    """Write the events behind the one with the id `after`-0, as a server does."""
    blocks = [["retry: 1000"], [": still here"]]
    for number, (kind, data) in enumerate(SENT[after:], after + 1):
        blocks.append([f"id: {number}-0", f"event: {kind}", f"data: {json.dumps(data, ensure_ascii=False)}"])
    return "".join(line.join([*block, "", ""]) for block in blocks).encode()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in pairwise(ends)]


places = st.lists(st.integers(min_value=0, max_value=10**4), max_size=40)


@given(places, st.sampled_from(["\n", "\r\n", "\r"]))
def test_however_the_bytes_arrive_the_events_are_the_same(cuts: list[int], line: str) -> None:
    speaker, _, _ = client(events(*cut(written(line=line), cuts)))
    with speaker.session("s1").events("r_1") as stream:
        assert list(stream) == COMING
        assert (stream.text, stream.reply, stream.last_event_id) == ("Zoë 😀 ends", END.reply, "11-0")


@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
# Between the two characters of a line's end: a parser may then take the id alone for an event.
@example([(written(line="\r\n").index(b"id: 2-0") + len(b"id: 2-0\r"), False)], "\r\n")
def test_wherever_it_breaks_it_goes_on_behind_the_last_event_and_nothing_comes_twice(
    breaks: list[tuple[int, bool]], line: str
) -> None:
    left = list(breaks)

    def handler(request: httpx2.Request) -> httpx2.Response:
        data = written(int(request.headers.get("Last-Event-ID", "0-0").split("-")[0]), line)
        if not left:
            return events(data)
        size, rudely = left.pop(0)
        how = [httpx2.ReadError("the connection broke")] if rudely else []
        return events(data[:size], *how)

    with client_of(handler).session("s1").events("r_1") as stream:
        assert list(stream) == COMING


def test_the_twin_with_an_event_loop_reads_the_same() -> None:
    asked: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers.get("Last-Event-ID", "0-0"))
        data = written(int(asked[-1].split("-")[0]))
        return events(data) if asked[1:] else events(data[:300], httpx2.ReadError("broken"))

    async def read() -> list[Event]:
        transport = httpx2.MockTransport(handler)
        async with AsyncClient("http://server", transport=transport) as speaker:
            speaker._wire.sleep = lambda _: asyncio.sleep(0)
            async with speaker.session("s1").events("r_1") as stream:
                return [event async for event in stream]

    assert asyncio.run(read()) == COMING
    assert (asked[0], len(asked)) == ("0-0", 2)
    assert asked[1] > "0-0"


def test_text_is_the_answer_so_far_and_a_status_voids_it() -> None:
    speaker, _, _ = client(events(written()))
    seen = []
    with speaker.session("s1").events("r_1") as stream:
        for _ in stream:
            seen.append(stream.text)
    assert seen == ["", "", "void", "", "", "Zoë 😀\u2028 ", *["Zoë 😀\u2028 ends"] * 3, "Zoë 😀 ends"]


def test_a_broken_stream_comes_back_when_the_server_asked_for_it_and_later_by_and_by() -> None:
    broken = httpx2.ReadError("broken")
    down = httpx2.ConnectError("refused")
    speaker, _, pauses = client(events(written()[:40], broken), down, down, events(written()))
    with speaker.session("s1").events("r_1") as stream:
        list(stream)
    assert 0.5 <= pauses[0] <= 1.0
    assert len(pauses) == 3


def test_a_stream_that_stays_away_is_told_when_patience_ends() -> None:
    broken = httpx2.ReadError("the connection broke")
    speaker, asked, _ = client(events(broken), patience=0.0)
    with speaker.session("s1").events("r_1") as stream, pytest.raises(TransientError, match="broke") as told:
        next(stream)
    assert told.value.code == "unreachable"
    assert len(asked) == 1


def test_behind_the_end_there_is_the_reply() -> None:
    speaker, asked, _ = client(httpx2.Response(204), reply("completed", text="hi"))
    with speaker.session("s1").events("r_1", last_event_id="11-0") as stream:
        assert [event.reply.text for event in stream] == ["hi"]
    assert asked[0].headers["Last-Event-ID"] == "11-0"
    assert asked[1].url.path == "/v1/sessions/s1/replies/r_1"


def test_a_reply_that_is_deleted_while_it_is_read_is_not_found() -> None:
    gone = b'event: error\ndata: {"title": "Not Found", "status": 404, "code": "not_found"}\n\n'
    speaker, asked, _ = client(events(gone))
    with speaker.session("s1").events("r_1") as stream, pytest.raises(NotFound):
        next(stream)
    assert len(asked) == 1, "what is gone is not asked for again"


@pytest.mark.parametrize("said", [b"event: delta\ndata: {}\n\n", b"event: done\ndata: nothing\n\n"])
def test_what_cannot_be_read_is_no_backscroll(said: bytes) -> None:
    speaker, _, _ = client(events(said))
    with speaker.session("s1").events("r_1") as stream, pytest.raises(NotBackscroll):
        next(stream)


def test_another_kind_of_answer_is_no_backscroll() -> None:
    speaker, _, _ = client(httpx2.Response(200, text="<html>"))
    with speaker.session("s1").events("r_1") as stream, pytest.raises(NotBackscroll):
        next(stream)


@pytest.mark.parametrize("face", [Client, AsyncClient])
def test_a_stream_is_over_in_time_though_heartbeats_go_on(face: type[Client | AsyncClient]) -> None:
    came: list[bytes] = []

    class Beating(Body):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):
                came.append(b": still here\n\n")
                yield came[-1]

    beating = httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Beating())
    speaker = face("http://server", transport=httpx2.MockTransport(lambda _: beating))
    stream = speaker.session("s1").events("r_1", timeout=0.0)

    async def read_async() -> None:
        async with stream:
            await anext(stream)

    def read() -> None:
        with stream:
            next(stream)

    with pytest.raises(NotEnded, match="r_1") as told:
        asyncio.run(read_async()) if isinstance(stream, AsyncStream) else read()
    assert told.value.reply_id == "r_1"
    assert len(came) == 1


def test_before_the_end_there_is_no_reply_and_before_the_beginning_nothing() -> None:
    speaker, _, _ = client(events(written()))
    stream = speaker.session("s1").events("r_1")
    with pytest.raises(RuntimeError, match="`with`"):
        next(stream)
    with stream:
        next(stream)
        with pytest.raises(NotEnded):
            _ = stream.reply


def test_a_message_that_was_answered_before_anybody_listened_is_streamed_all_the_same() -> None:
    parts = [{"type": "text", "text": "hm", "thought": True}, {"type": "text", "text": "hi"}, CALL]
    answered = reply("completed", text="hi", parts=parts, usage={"prompt_tokens": 3}, attempts=1)
    speaker, asked, _ = client(answered)
    with speaker.session("s1").stream("hello") as stream:
        assert [type(event) for event in stream] == [Status, Delta, Delta, WholePart, Tokens, Ended]
        assert (stream.text, stream.reply.calls[0].args) == ("hi", {"city": "Tromsø"})
    assert len(asked) == 1
