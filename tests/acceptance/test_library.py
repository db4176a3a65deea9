"""The library face: one call does what web and worker do together, on the same history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from backscroll import Backscroll
from backscroll.errors import InvalidRequest, InvalidSetting, NotFound
from backscroll.messages.media import inline
from backscroll.messages.part import Other, Text
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack


@pytest.fixture
def stack(make_stack: Callable[..., Stack]) -> Stack:
    return make_stack()


@pytest.fixture
def chat(stack: Stack) -> Iterator[Backscroll]:
    chat = Backscroll(stack.env)
    yield chat
    chat.close()


def test_send_answers_and_remembers_without_any_other_process(chat: Backscroll, sid: str) -> None:
    chat.send(sid, "The code of my locker is 4711-B.")
    reply = chat.send(sid, "What is the code of my locker?")
    assert reply.status == "completed"
    assert "4711-B" in reply.text
    assert [message.seq for message in chat.history(sid)] == [1, 2, 3, 4]


def test_send_takes_pictures_too_and_the_history_refers_to_them(
    chat: Backscroll, model: OfflineModel, sid: str
) -> None:
    chat.send(sid, [Text(f"look, {sid}"), inline("image/png", b"a cat")])
    _, shown = chat.history(sid)[0].parts
    assert isinstance(shown, Other)
    assert shown.raw["inlineData"].keys() == {"mimeType", "sha256", "size"}
    (request,) = model.requests("reply", containing=sid)
    assert request["body"]["contents"][0]["parts"][1]["inlineData"]["data"]


def test_a_second_process_goes_on_where_the_first_ended(stack: Stack, sid: str) -> None:
    for text, seqs in (("hello", 2), ("hello again", 4)):
        chat = Backscroll(stack.env)
        chat.send(sid, text)
        assert len(chat.history(sid)) == seqs
        chat.close()


def test_compaction_happens_within_send_where_no_worker_does_it(
    chat: Backscroll, model: OfflineModel, sid: str
) -> None:
    for number in range(20):
        chat.send(sid, f"Remark {number} about the harbour, the ferries and the price of herring in town.")
    assert model.requests("summary", containing="Remark 0")
    assert len(chat.history(sid)) == 40
    sent = model.requests("reply", containing="Remark 19")[-1]["body"]["contents"]
    assert len(sent) < 39


def test_many_threads_may_send_in_one_session(chat: Backscroll, sid: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: chat.send(sid, f"message {n}"), range(16)))
    assert {reply.status for reply in replies} == {"completed"}
    history = chat.history(sid)
    assert [message.role for message in history] == ["user", "model"] * 16
    assert {message.text for message in history[::2]} == {f"message {n}" for n in range(16)}


def test_library_and_workers_share_a_session(stack: Stack, chat: Backscroll, sid: str) -> None:
    api = stack.start("replies")
    api.say(sid, "said over HTTP")
    chat.send(sid, "said in the process")
    api.say(sid, "said over HTTP again")
    texts = [message.text for message in chat.history(sid)][::2]
    assert texts == ["said over HTTP", "said in the process", "said over HTTP again"]


def test_a_failed_turn_is_a_failed_reply(chat: Backscroll, model: OfflineModel, sid: str) -> None:
    model.fault("blocked", match=sid)
    reply = chat.send(sid, f"hello from {sid}")
    assert reply.status == "failed"
    assert reply.error is not None
    assert reply.error.code == "blocked"
    assert chat.history(sid) == []


def test_wrong_names_and_settings_are_told_in_clear(stack: Stack, chat: Backscroll, sid: str) -> None:
    with pytest.raises(InvalidRequest, match="session must be"):
        chat.send("a b", "hello")
    with pytest.raises(NotFound, match=sid):
        chat.history(sid)
    with pytest.raises(InvalidSetting, match="BACKSCROLL_LOCK_LEASE"):
        Backscroll({**stack.env, "BACKSCROLL_LOCK_LEASE": "soon"})
    chat.send(sid, "hello")
    chat.delete(sid)
    with pytest.raises(NotFound):
        chat.history(sid)
