"""Waiting until a turn is in work, which is when faults are worth having."""

from __future__ import annotations

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel

LONG = "every word of this counts " * 40


def in_work(api: Api, model: OfflineModel, sid: str, said: str = "") -> None:
    """Wait until the model is busy with a turn of `sid`, the one in which `said` was."""
    until("the model was asked", lambda: model.requests("reply", containing=said or sid))
    api.until_session(sid, "the turn is in work", lambda state: state["in_work"])


def in_mid_stream(model: OfflineModel, sid: str, *, seconds: float = 0.1) -> None:
    """Have the next answer come slowly, word by word."""
    model.fault("slow_stream", seconds=seconds, text=LONG, match=sid)
