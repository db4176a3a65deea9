"""Answering in the web process: what it takes up, and what it leaves to others when it ends."""

from __future__ import annotations

import threading

import pytest

from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store.redis import Store
from tests.stack.conditions import until
from web import inline
from web.inline import Inline

SESSION = Session("tests", "one")


class NoBell:
    """A doorbell whose broker is away."""

    def ring(self, session: Session) -> bool:
        return False

    ring_compaction = ring

    def heard(self) -> bool:
        return False


def test_a_process_that_is_told_to_end_while_it_gets_ready_takes_up_no_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings()
    loading, go_on = threading.Event(), threading.Event()
    taken: list[Session] = []

    def model(_: Settings) -> object:
        loading.set()
        assert go_on.wait(10)
        return object()

    monkeypatch.setattr(inline.loading, "model", model)
    monkeypatch.setattr(inline, "answer_session", lambda _, session, go_on: taken.append(session))
    store = Store(settings.store)
    found = Inline(settings, store, NoBell())  # type: ignore[arg-type]
    found.call(SESSION)
    assert loading.wait(10)
    found.release()
    go_on.set()
    until("it is done with it", lambda: found.wait(0.1))
    assert taken == []
    store.close()
