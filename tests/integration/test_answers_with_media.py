"""Answers that hold media: kept apart before the commit, sent back with the next prompt, or refused whole."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.compaction.measuring import Windows
from backscroll.messages.media import Media, apart, inline
from backscroll.messages.message import Usage
from backscroll.messages.part import Part, Text
from backscroll.model.port import Answer, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store import media, replies, sessions, submissions
from backscroll.store.redis import Store
from backscroll.store.replies import Reply
from backscroll.store.submissions import Submission

DRAWN = Media("image/png", b"a cat, drawn by a model \xff\x00" * 100)
DIGEST, REFERENCE = apart(DRAWN)


class Draws:
    """A model that answers each prompt with the same picture."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        self.prompts.append(prompt)
        drawn: tuple[Part, ...] = (Text("Here:"), inline(DRAWN.mime, DRAWN.data))
        return Answer(parts=drawn, usage=Usage(), model=prompt.model, finish="stop")


@pytest.fixture
def model() -> Draws:
    return Draws()


@pytest.fixture
def tight(store: Store) -> Iterator[Store]:
    """The same store to a worker that keeps less of a session's media than an answer has."""
    found = Store(msgspec.structs.replace(store.settings, session_media_bytes=1024))
    yield found
    found.close()


def answered(store: Store, model: Draws, session: Session, text: str) -> Reply:
    """Post a message, answer it as a worker does, and give its reply."""
    settings = Settings(store=store.settings)
    leases = Leases(store)
    answering = Answering(
        store=store,
        model=model,
        settings=settings,
        windows=Windows(store, settings.budget),
        leases=leases,
        streams=Streams(store),
        ring=lambda _: None,
        ring_compaction=lambda _: None,
    )
    posted = submissions.submit(store, session, Submission(parts=(Text(text),)))
    assert answer_session(answering, session, go_on=lambda: False) == 1
    leases.close()
    return replies.read(store, session, posted.reply_id)


def test_an_answers_media_lie_apart_and_go_back_to_the_model(
    store: Store, session: Session, model: Draws
) -> None:
    reply = answered(store, model, session, "Draw a cat.")
    assert (reply.status, reply.parts) == ("completed", (Text("Here:"), REFERENCE))
    assert sessions.transcript(store, session).messages[1].parts == reply.parts
    assert media.read(store, session, [DIGEST]) == {DIGEST: DRAWN}

    answered(store, model, session, "And now a smaller one.")
    assert model.prompts[1].contents[1].parts == (Text("Here:"), inline(DRAWN.mime, DRAWN.data))


def test_an_answer_whose_media_find_no_room_fails_and_says_so(
    tight: Store, session: Session, model: Draws
) -> None:
    reply = answered(tight, model, session, "Draw a cat.")
    assert reply.status == "failed"
    assert reply.error is not None
    assert (reply.error.code, reply.error.retryable) == ("media_full", False)
    state = sessions.state(tight, session)
    assert (state.messages, state.pending, state.in_work) == (0, (), False)
