"""The threads of a worker that last: a step that fails as nobody expected is not their last one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backscroll.errors import HandedBack
from backscroll.model.stop import Stop
from backscroll.settings import Settings, WorkerSettings
from backscroll.store import roll
from tests.stack.conditions import until
from worker import lifecycle, presence, process, sweeping

SAID = "in confidence"


class Step:
    """Counts its calls; the first one fails."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: Any, **__: Any) -> None:
        self.calls += 1
        if self.calls == 1:
            raise RuntimeError(SAID)


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    found = threading.Event()
    monkeypatch.setattr(process, "stopping", found)
    yield found
    found.set()
    process.hurry.set()


def test_a_sweep(
    stopping: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    step, settings = Step(), Settings(worker=WorkerSettings(sweep_interval=0.01))
    monkeypatch.setattr(process, "settings", lambda: settings)
    monkeypatch.setattr(process, "bell", lambda: None)
    monkeypatch.setattr(sweeping, "_sweep", step)
    thread = threading.Thread(target=sweeping.sweep_on, daemon=True)
    thread.start()
    until("it sweeps again", lambda: step.calls > 2)
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()
    assert "not swept: unexpected RuntimeError" in caplog.text
    assert SAID not in caplog.text


def test_a_signature_in_the_roll(
    stopping: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sign, strike = Step(), Step()
    monkeypatch.setattr(roll, "EVERY", 0.01)
    monkeypatch.setattr(roll, "sign", sign)
    monkeypatch.setattr(roll, "strike", strike)
    queues = SimpleNamespace(consume_from={"replies": None})
    worker = SimpleNamespace(hostname="w", app=SimpleNamespace(amqp=SimpleNamespace(queues=queues)))
    thread = threading.Thread(target=presence.keep, args=(None, worker, stopping), daemon=True)
    thread.start()
    until("it signs again", lambda: sign.calls > 2)
    stopping.set()
    thread.join(10)
    assert strike.calls == 1
    assert "not signed: unexpected RuntimeError" in caplog.text
    assert "not struck out: unexpected RuntimeError" in caplog.text
    assert SAID not in caplog.text


def test_a_model_that_cannot_be_loaded_yet(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(process, "model", Step())
    lifecycle._warm_up()
    assert "unexpected RuntimeError" in caplog.text
    assert SAID not in caplog.text


def test_a_worker_that_ends_loads_no_model_to_hand_back_what_it_has_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[bool] = []
    held = [SimpleNamespace(stop=lambda error: stopped.append(isinstance(error, HandedBack)))]
    monkeypatch.setattr(process, "leases", lambda: SimpleNamespace(held=lambda: held))
    monkeypatch.setattr(process, "model", lambda: pytest.fail("a model was loaded"))
    monkeypatch.setattr(process, "summaries", stop := Stop())
    process.hand_back()
    assert stopped == [True]
    with pytest.raises(HandedBack):
        stop.check()
