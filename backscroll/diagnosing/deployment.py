"""Looking at a whole deployment, part after part."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from backscroll.diagnosing import history, models, workers
from backscroll.diagnosing.finding import Finding
from backscroll.settings import Settings

# Workers answer in milliseconds, and Celery waits for the whole of this: nobody says how many there are.
_ROLL_CALL = 1.0


def look(settings: Settings, *, ask_models: bool, seconds: float) -> Iterator[Finding]:
    """Look at everything that the settings name.

    Args:
        settings: of the deployment.
        ask_models: whether to put a question to each model.
        seconds: how long one may take to answer.
    """
    yield from history.look(settings.store)
    yield from workers.look(settings, version("backscroll"), _ROLL_CALL)
    if ask_models:
        yield from models.look(settings.model, seconds)
