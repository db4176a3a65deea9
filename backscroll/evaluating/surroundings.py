"""What an evaluation stands on: a Redis of its own, and the summary model that is configured or offline."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from backscroll.running import embedded_redis, programs
from backscroll.running.supervisor import Supervisor
from backscroll.settings import Settings, load, variable
from backscroll.settings.redis_url import shown


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings to evaluate by, and for people which `redis` and which `model` they lead to."""

    settings: Settings
    redis: str
    model: str
    embedded: bool

    def database(self, number: int) -> Settings:
        """Give the settings for a database of its own; a Redis that was named has the one that it names."""
        if not self.embedded:
            return self.settings
        store = self.settings.store
        store = msgspec.structs.replace(store, redis_url=store.redis_url.replace("db=0", f"db={number}"))
        changed: Settings = msgspec.structs.replace(self.settings, store=store)
        return changed


@contextmanager
def surroundings(environ: Mapping[str, str], redis_url: str | None) -> Iterator[Surroundings]:
    """Start what is not there, and stop it after the block.

    Args:
        environ: the settings.
        redis_url: a Redis that serves nothing else; one is started without it.

    Raises:
        InvalidSetting: for a setting that cannot be used.
        PermanentError: when something cannot be started.
        TransientError: when something takes too long.
    """
    load(environ)  # a wrong value is told before anything is started
    env = dict(environ)
    with TemporaryDirectory(prefix="backscroll-eval-") as folder:
        watch = Supervisor(Path(folder) / "log", lambda _line: None)
        server = None
        try:
            if redis_url is None:
                server = embedded_redis.start(Path(folder) / "redis", fsync="no")
            env[variable("redis_url")] = redis_url or (server.url if server else "")
            offline = not env.get(variable("api_key")) and not env.get(variable("base_url"))
            if offline:
                with socket.create_server(("127.0.0.1", 0)) as found:
                    port = found.getsockname()[1]
                watch.start(programs.offline_model(port, env))
                env[variable("base_url")] = f"http://127.0.0.1:{port}"
                env[variable("api_key")] = "offline"
            settings = load(env)
            yield Surroundings(
                settings=settings,
                embedded=redis_url is None,
                redis="embedded, in a temporary folder" if redis_url is None else shown(redis_url),
                model="the offline model, which only extracts; set GEMINI_API_KEY for Gemini"
                if offline
                else settings.model.summary_model,
            )
        finally:
            watch.stop()
            if server is not None:
                server.stop()
