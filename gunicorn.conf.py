"""gunicorn finds this file by itself when it is started in the project's root."""

from web.gunicorn_conf import *  # noqa: F403
