"""Logs: what a line is known to be about, and how a process writes its lines.

Code below the edges logs as ever, `log.warning("failed: reply=%s code=%s", …)`, and says with `about` what it
works on; each process's edge sets the form of its lines, once (`configuration`). A library sets none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_OURS = ("backscroll", "web", "worker")
# At INFO these write several lines a turn: a fifth of the throughput, and no news. At DEBUG some of them
# write what was said, so that the level that is asked for is for our own lines alone.
_CHATTY = ("google_genai", "httpx2", "httpcore2", "celery.worker.strategy", "celery.app.trace")
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_known: ContextVar[Mapping[str, object]] = ContextVar("known", default={})  # noqa: B039  (never changed)


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Have each line of JSON that this thread or greenlet logs within the block say so, too.

    A `session` is given as it is; its line has the digest.
    """
    before = _known.set({**_known.get(), **fields})
    try:
        yield
    finally:
        _known.reset(before)


def begin(**fields: object) -> None:
    """Begin anew: from here on this is what lines are about, and nothing from before."""
    _known.set(fields)


def add(**fields: object) -> None:
    """Know more of what lines from here on are about."""
    _known.set({**_known.get(), **fields})


def known() -> Mapping[str, object]:
    """Give what lines are about here."""
    return _known.get()


def configuration(form: str, level: str, file: str | None = None) -> dict[str, Any]:
    """Give what `logging.config.dictConfig` is to be told.

    Args:
        form: `json`, an object a line, or `text`.
        level: the least level of our own lines; of others', where that is not below INFO.
        file: where to; standard error by default. A file that is moved away is opened anew.
    """
    to: dict[str, Any] = {"class": "logging.StreamHandler"}
    if file is not None:
        to = {"class": "logging.handlers.WatchedFileHandler", "filename": file, "encoding": "utf-8"}
    # By its name: what JSON takes is loaded only where it is wanted.
    lines = {"()": "backscroll.logs.lines.JsonLines"} if form == "json" else {"format": _TEXT}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": lines},
        "handlers": {"lines": {**to, "formatter": "lines"}},
        "root": {"level": max(number(level), logging.INFO), "handlers": ["lines"]},
        "loggers": {
            **{name: {"level": level} for name in _OURS},
            **{name: {"level": "WARNING"} for name in _CHATTY},
        },
    }


def number(level: str) -> int:
    """Give a level's number: the lower, the more lines."""
    return logging.getLevelNamesMapping()[level]
