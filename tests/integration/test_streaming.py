"""Telling what is heard of answers, on a real Redis: in few round trips, once, and to the last word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from redis.exceptions import ResponseError

from backscroll.answering.streaming import Streams
from backscroll.errors import StoreUnavailable
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import events, replies, submissions
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit
from tests.integration.away import Counted
from tests.stack.conditions import until

SAID = "in confidence"


@pytest.fixture
def counted(store: Store) -> Iterator[Counted]:
    found = Counted(store)
    yield found
    found.free.set()
    found.close()


def words(store: Store, session: Session, rid: str) -> list[str]:
    told = events.read(store, session, rid).events
    return [json.loads(event.data)["text"] for event in told if event.kind == "delta"]


def test_what_is_heard_of_many_answers_is_told_in_few_round_trips(
    store: Store, counted: Counted, sid: str
) -> None:
    named = [Session("tests", f"{sid}-{number}") for number in range(20)]
    for each in named:
        submissions.submit(store, each, Submission(parts=(Text("hello"),)))
    streams = Streams(counted)
    with ExitStack() as held:
        heard_by = [held.enter_context(streams.open(claim(store, each, "t"))) for each in named]
        counted.free.clear()
        for text in ("h", "i"):
            for stream in heard_by:
                stream.hear(
                    [Text(text)], None
                )  # the first of them is on its way, the others gather behind it
        counted.free.set()
        until("all is told", lambda: not any(stream.waits for stream in heard_by))
        assert {stream.rest() for stream in heard_by} == {b""}
        assert len(counted.trips) <= 3
        for stream in heard_by:
            assert "".join(words(store, stream.turn.session, stream.turn.reply_id)) == "hi"


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ResponseError(SAID)], ids=["away", "unexpected"])
def test_an_answer_that_redis_did_not_take_is_told_when_it_is_back_and_once(
    store: Store,
    counted: Counted,
    session: Session,
    rid: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    counted.error = error
    monkeypatch.setattr("backscroll.answering.streaming._STORE_RETRY", 0.01)
    with Streams(counted).open(claim(store, session, "t")) as stream:
        counted.left = 3
        stream.hear([Text("h")], None)
        until("it was tried", lambda: not counted.left)
        stream.hear([Text("i")], None)
        until("it is told", lambda: words(store, session, rid) == ["h", "i"])
    assert ("unexpected ResponseError" in caplog.text) == isinstance(error, ResponseError)
    assert SAID not in caplog.text


def test_words_that_cannot_be_told_keep_no_others_from_it(
    store: Store, counted: Counted, session: Session, rid: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Half of a pair of UTF-16 is in no encoding: a model's JSON may hold one all the same."""
    streams, other = Streams(counted), Session("tests", session.id + "-other")
    submissions.submit(store, other, Submission(parts=(Text("hello"),)))
    with streams.open(claim(store, session, "t")) as broken, streams.open(claim(store, other, "u")) as sound:
        broken.hear([Text("\ud83d")], None)
        until("it was tried", lambda: "unexpected UnicodeEncodeError" in caplog.text)
        sound.hear([Text("hi")], None)
        until("the other one is told", lambda: words(store, other, sound.turn.reply_id) == ["hi"])
        with pytest.raises(UnicodeEncodeError):
            broken.rest()
    assert caplog.text.count("unexpected") == 1


def test_who_lost_the_turn_tells_nothing_more(
    store: Store, counted: Counted, session: Session, rid: str
) -> None:
    streams = Streams(counted)
    with streams.open(claim(store, session, "t")) as stream:
        replies.cancel(store, session, rid)
        stream.hear([Text("h")], None)
        until("it was refused", lambda: counted.trips and not stream.under_way)
        stream.hear([Text("i")], None)
        other = Session("tests", session.id + "-other")
        submissions.submit(store, other, Submission(parts=(Text("hello"),)))
        with streams.open(claim(store, other, "u")) as another:
            for number, text in enumerate("jk", 2):
                another.hear([Text(text)], None)
                until("others are told", lambda n=number: len(counted.trips) >= n)
    assert counted.trips == [{session}, {other}, {other}]
    assert [event.kind for event in events.read(store, session, rid).events] == ["status", "end"]


def test_what_is_on_its_way_at_the_end_comes_before_it_and_the_rest_goes_with_the_commit(
    store: Store, counted: Counted, session: Session, rid: str
) -> None:
    turn = claim(store, session, "t")
    with ThreadPoolExecutor(1) as pool, Streams(counted).open(turn) as stream:
        counted.free.clear()
        stream.hear([Text("h")], None)
        until("it is on its way", lambda: stream.under_way)
        stream.hear([Text("i")], None)
        ending = pool.submit(lambda: commit(store, turn, "hi", untold=stream.rest()))
        until("the turn ends", lambda: stream.over)
        counted.free.set()
        ending.result(10)
    assert words(store, session, rid) == ["h", "i"]
    assert events.read(store, session, rid).ended
    assert len(counted.trips) == 1
