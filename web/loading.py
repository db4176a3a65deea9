"""The model of a web process, loaded when it has to answer something itself: its SDK takes half a second."""

from __future__ import annotations

import threading
from functools import cache

from backscroll.model.port import Model
from backscroll.settings import ModelSettings

_lock = threading.Lock()


def model(settings: ModelSettings) -> Model:
    """Give the process's model, the same one for the same settings."""
    with _lock:
        return _load(settings)


@cache
def _load(settings: ModelSettings) -> Model:
    from backscroll.model.gemini import Gemini

    loaded = Gemini(settings)
    loaded.connect()
    return loaded
