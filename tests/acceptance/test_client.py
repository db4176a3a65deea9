"""The client against real processes: what it says, hears, picks up again, and is told when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from backscroll.client import (
    AsyncClient,
    Client,
    Delta,
    Ended,
    NotEnded,
    Session,
    Status,
    Tokens,
    WholePart,
    function_response,
    inline_data,
    text,
)
from backscroll.errors import InvalidRequest, NotFound, SessionBusy, TooLarge
from tests.acceptance.test_streams import LONG, in_mid_stream
from tests.acceptance.test_tools import TOOLS
from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.working import in_work

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000049454e44ae426082"
)


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    with Client(api.url) as client:
        yield client


@pytest.fixture
def session(client: Client, sid: str) -> Session:
    return client.session(sid)


def test_a_message_is_sent_and_answered(api: Api, session: Session, sid: str) -> None:
    reply = session.send(f"hello from {sid}")
    assert (reply.status, reply.kept, reply.error) == ("completed", True, None)
    assert reply.text
    assert reply.usage is not None
    assert reply.usage.total_tokens
    assert reply.created_at is not None
    assert reply.created_at.tzinfo is not None
    assert session.reply(reply.id) == session.wait(reply.id) == reply
    said, answered = session.history()
    assert (said.role, said.text, said.seq) == ("user", f"hello from {sid}", 1)
    assert (answered.role, answered.text, answered.seq) == ("model", reply.text, 2)
    assert [message.seq for message in session.history(after=1)] == [2]


def test_an_answer_comes_as_it_is_said(model: OfflineModel, session: Session, sid: str) -> None:
    in_mid_stream(model, sid)
    with session.stream(f"hello from {sid}") as stream:
        events = list(stream)
    assert stream.text == stream.reply.text == LONG
    assert isinstance(events[-1], Ended)
    assert isinstance(events[-2], Tokens)
    begun = max(number for number, event in enumerate(events) if isinstance(event, Status))
    deltas = [event.text for event in events[begun:] if isinstance(event, Delta)]
    assert len(deltas) > 10
    assert "".join(deltas) == LONG
    assert session.reply(stream.id) == stream.reply


def test_the_twin_with_an_event_loop_does_the_same(api: Api, model: OfflineModel, sid: str) -> None:
    in_mid_stream(model, f"second {sid}", seconds=0.02)

    async def talk() -> None:
        async with AsyncClient(api.url) as client:
            session = client.session(sid)
            first = await session.send(f"first {sid}")
            assert first.status == "completed"
            async with session.stream(f"second {sid}") as stream:
                kinds = [type(event) async for event in stream]
            assert stream.text == stream.reply.text == LONG
            assert {Status, Delta, Tokens} < set(kinds)
            said = [message.text async for message in session.history()]
            assert said == [f"first {sid}", first.text, f"second {sid}", LONG]
            assert await session.pick_up() == []
            others = [client.session(f"{sid}-{number}") for number in range(20)]
            replies = await asyncio.gather(*(other.send("hello") for other in others))
            assert {reply.status for reply in replies} == {"completed"}

    asyncio.run(talk())


def test_threads_share_a_client(client: Client, sid: str) -> None:
    found: list[str] = []

    def talk(number: int) -> None:
        with client.session(f"{sid}-{number}").stream("hello") as stream:
            list(stream)
        found.append(stream.reply.status)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["completed"] * 8


def test_who_was_gone_picks_up_what_was_in_work(
    api: Api, model: OfflineModel, session: Session, sid: str
) -> None:
    in_mid_stream(model, f"first {sid}")
    first = session.post(f"first {sid}")
    second = session.post(f"second {sid}")
    in_work(api, model, sid, f"first {sid}")
    with Client(api.url) as another:
        streams = another.session(sid).pick_up()
        for stream in streams:
            with stream:
                list(stream)
        assert [stream.id for stream in streams] == [first.id, second.id]
        assert streams[0].text == LONG
        assert [stream.reply.status for stream in streams] == ["completed"] * 2
        assert another.session(sid).pick_up() == []


def test_a_stream_is_taken_up_behind_any_event(model: OfflineModel, session: Session, sid: str) -> None:
    in_mid_stream(model, sid, seconds=0.02)
    with session.stream(f"hello from {sid}") as stream:
        head = next(event for event in stream if isinstance(event, Delta))
        behind = stream.last_event_id
    with session.events(stream.id, last_event_id=behind) as rest:
        tail = [event.text for event in rest if isinstance(event, Delta)]
    assert head.text + "".join(tail) == LONG == rest.text
    with session.events(stream.id, last_event_id=rest.last_event_id) as nothing:
        assert list(nothing) == [Ended(rest.reply)]


def test_tools_are_called_and_answered(session: Session) -> None:
    assert session.configure(tools=TOOLS).settings.tools == tuple(TOOLS)
    with session.stream("Please call get_weather and get_time for city: Bergen") as stream:
        parts = [event.part for event in stream if isinstance(event, WholePart)]
    weather, time = stream.reply.calls
    assert (weather.name, weather.args) == ("get_weather", {"city": "Bergen"})
    assert [part["functionCall"]["name"] for part in parts] == ["get_weather", "get_time"]
    last = session.send(
        [
            function_response(time.name, {"now": "noon"}, time.id),
            function_response(weather.name, {"temperature": "7 degrees"}, weather.id),
        ]
    )
    assert last.calls == ()
    assert "noon" in last.text
    assert "7 degrees" in last.text


def test_an_image_is_sent_and_read_back(session: Session) -> None:
    session.send([text("What is this?"), inline_data(PIXEL, "image/png")])
    said, _ = session.history()
    [shown] = [part["inlineData"] for part in said.parts if "inlineData" in part]
    assert (shown["mimeType"], shown["size"]) == ("image/png", len(PIXEL))
    assert session.media(shown["sha256"]) == PIXEL
    with pytest.raises(NotFound):
        session.media("0" * 64)


def test_a_reply_that_failed_is_returned_with_its_reason(
    model: OfflineModel, session: Session, sid: str
) -> None:
    model.fault("blocked", match=sid)
    reply = session.send(f"hello from {sid}")
    assert (reply.status, reply.kept, reply.text) == ("failed", False, "")
    assert reply.error is not None
    assert (reply.error.code, reply.error.retryable) == ("blocked", False)
    model.fault("blocked", match=sid)
    with session.stream(f"hello from {sid}") as stream:
        list(stream)
    assert stream.reply.error == reply.error


def test_what_is_refused_says_which_field(session: Session, client: Client) -> None:
    with pytest.raises(TooLarge) as too_large:
        session.send("x" * 70_000)
    assert (too_large.value.field, too_large.value.code) == ("text", "too_large")
    with pytest.raises(InvalidRequest) as invalid:
        session.send("hello", model="no model's name")
    assert invalid.value.field == "model"
    session.send("hello", idempotency_key="k1")
    with pytest.raises(InvalidRequest) as reused:
        session.send("something else", idempotency_key="k1")
    assert reused.value.field == "Idempotency-Key"
    for missing in (session.reply, session.cancel, session.wait):
        with pytest.raises(NotFound):
            missing("r_unknown")
    with session.events("r_unknown") as stream, pytest.raises(NotFound):
        next(stream)


def test_a_reply_in_work_is_not_waited_for_longer_than_asked_and_can_be_cancelled(
    api: Api, model: OfflineModel, session: Session, sid: str
) -> None:
    in_mid_stream(model, sid, seconds=1)
    with pytest.raises(NotEnded) as late:
        session.send(f"hello from {sid}", timeout=0.5)
    in_work(api, model, sid)
    with pytest.raises(SessionBusy):
        session.send("and?", on_busy="reject")
    with session.events(late.value.reply_id, timeout=0.5) as stream, pytest.raises(NotEnded):
        list(stream)
    session.cancel(late.value.reply_id)
    assert session.wait(late.value.reply_id).status == "cancelled"
    assert session.cancel(late.value.reply_id).status == "cancelled"


def test_a_stream_that_is_left_early_leaves_its_reply_alone(
    model: OfflineModel, session: Session, sid: str
) -> None:
    in_mid_stream(model, sid, seconds=0.02)
    with session.stream(f"hello from {sid}") as stream:
        next(event for event in stream if isinstance(event, Delta))
    assert session.wait(stream.id).text == LONG


def test_a_session_is_configured_seen_and_erased(model: OfflineModel, session: Session, sid: str) -> None:
    state = session.configure(
        model="gemini-of-the-session",
        system_instruction="Be brief.",
        generation_config={"temperature": 0.25},
        safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
        tool_config={"functionCallingConfig": {"mode": "AUTO"}},
        ttl=600,
    )
    assert state.settings.system_instruction == "Be brief."
    assert session.send(f"hello from {sid}").model == "gemini-of-the-session"
    assert model.requests("reply", containing=sid)[-1]["body"]["systemInstruction"]
    state = session.state()
    assert (state.messages, state.turns, state.pending, state.in_work) == (2, 1, (), False)
    assert state.replies[0].status == "completed"
    assert state.expires_in is not None
    assert state.expires_in <= 600
    assert session.configure().settings.model is None
    session.delete()
    for gone in (session.state, session.delete, partial(next, session.history())):
        with pytest.raises(NotFound):
            gone()


def test_a_session_is_compacted_and_restored(session: Session, sid: str) -> None:
    for number in range(5):
        session.send(f"Tell me fact {number} about the harbour of Bergen, its boats and the price of fish.")
    session.compact(keep=2)
    until("it is compacted", lambda: session.state().chapters)
    context = session.context()
    assert context.chapters[0].text
    assert [message.seq for message in context.messages] == [7, 8, 9, 10]
    restored = session.restore()
    assert (restored.chapters_restored, restored.messages_restored, restored.watermark) == (1, 6, 0)
    assert session.state().chapters == ()
