"""How gunicorn serves the web process.

gevent, because a request that waits for a reply must cost a greenlet and not a thread.
"""

from __future__ import annotations

import os
import sys

from backscroll.errors import InvalidSetting
from backscroll.settings import load

try:
    _settings = load(os.environ).web
except InvalidSetting as error:
    sys.exit(f"backscroll: {error}")

bind = _settings.bind
workers = _settings.web_processes
worker_class = "web.gunicorn_worker.Worker"
worker_connections = 5000
graceful_timeout = 15  # an upper bound: who waits is let go at once (gunicorn_worker.py)
keepalive = 75
loglevel = "warning"
