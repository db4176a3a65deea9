"""gunicorn's own lines in the form of all others."""

from __future__ import annotations

import logging.config
import os
from typing import Any

from gunicorn import glogging

from backscroll import logs
from backscroll.settings import load


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """Named by its path in `gunicorn_conf.py`. gunicorn makes it before it forks, and all workers have it."""

    def setup(self, cfg: Any) -> None:
        """Set up all logging of the process, unless the operator has a configuration of his own."""
        super().setup(cfg)
        if cfg.logconfig or cfg.logconfig_dict or cfg.logconfig_json:
            return
        settings = load(os.environ).logs
        file = None if cfg.errorlog == "-" else cfg.errorlog
        logging.config.dictConfig(logs.configuration(settings.log_format, settings.log_level, file))
        for handler in tuple(self.error_log.handlers):
            if type(handler) in (logging.StreamHandler, logging.FileHandler):  # syslog's stays
                self.error_log.removeHandler(handler)
        self.error_log.propagate = True
