"""Waiting until a turn is in work, which is when faults are worth having."""

from __future__ import annotations

from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel


def in_work(api: Api, model: OfflineModel, sid: str, said: str = "") -> None:
    """Wait until the model is busy with a turn of `sid`, the one in which `said` was."""
    until("the model was asked", lambda: model.requests("reply", containing=said or sid))
    api.until_session(sid, "the turn is in work", lambda state: state["in_work"])
