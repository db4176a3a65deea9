"""The model in a web process, loaded when it must answer itself, and never before."""

from __future__ import annotations

import importlib
import threading
from functools import cache
from typing import Any

from backscroll.model.guarded import Guarded
from backscroll.model.port import Model
from backscroll.settings import Settings

_SDK = "backscroll.model.gemini"
_loading = threading.Lock()


def model(settings: Settings) -> Model:
    """Give the model of this process; the first call takes a second, in which others are served."""
    with _loading:
        return _model(settings)


@cache
def _model(settings: Settings) -> Model:
    gemini = _imported(_SDK)
    made = gemini.Gemini(settings.model)
    made.connect()
    return Guarded(made, settings.model)


def _imported(name: str) -> Any:
    """Import a module; under gevent in a real thread, or all requests would stand still for it."""
    from gevent import get_hub, monkey

    if not monkey.is_module_patched("threading"):
        return importlib.import_module(name)
    return get_hub().threadpool.apply(importlib.import_module, (name,))
