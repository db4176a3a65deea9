"""The edge of a worker process: how it logs, and where its traces go."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery.signals import celeryd_init, setup_logging, worker_init

from backscroll import logs, tracing
from worker import process


@celeryd_init.connect
def _before_options(instance: Any, **_: Any) -> None:
    """Log in the right form from the first line on: Celery warns, and greets, before it sets up logging."""
    settings = process.settings().logs
    logging.config.dictConfig(logs.configuration(settings.log_format, settings.log_level))
    logging.captureWarnings(True)
    if settings.log_format == "json":
        instance.quiet = True


@setup_logging.connect
def _with_options(loglevel: int, logfile: str | None, **_: Any) -> None:
    """Take the place of Celery's own logging; its `-l` and `-f` mean what they did."""
    settings = process.settings().logs
    level = logging.getLevelName(min(loglevel, logs.number(settings.log_level)))
    logging.config.dictConfig(logs.configuration(settings.log_format, level, logfile))


@worker_init.connect
def _trace(**_: Any) -> None:
    tracing.set_up("worker", os.environ)
