"""Everything on this machine: what is started for these settings, in which order, and what is told of it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from backscroll import binding
from backscroll.api_keys import ApiKeys
from backscroll.errors import PermanentError, StoreUnavailable
from backscroll.running import embedded_redis, programs
from backscroll.running.supervisor import Supervisor
from backscroll.settings import Settings, StoreSettings, load, variable
from backscroll.settings.redis_url import shown
from backscroll.store.redis import connect
from backscroll.store.refusals import unavailable

# A Redis whose supervisor has just been killed needs a moment to bring its data to disk.
_PREDECESSOR_SECONDS = 5.0
_REDIS_SECONDS = 6.0
# Between the end of a worker's own grace and SIGKILL: time to give back what is in work.
_AFTER_GRACE = 5.0


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """What runs: the address, process ids by name, and for people which `redis` and which `model`.

    `keys`: the HTTP API asks for API keys.
    """

    url: str
    redis: str
    model: str
    logs: str
    offline: bool
    keys: bool
    processes: dict[str, int]


@contextmanager
def deployment(
    host: str, port: int, data: Path, environ: Mapping[str, str], supervisor: Callable[[Path], Supervisor]
) -> Iterator[tuple[Deployment, Supervisor]]:
    """Run everything while the block runs.

    Args:
        host: the web process's address.
        port: its port.
        data: the folder of embedded Redis and logs, made if it is missing.
        environ: the settings; what is not set is embedded.
        supervisor: makes a supervisor with its logs in the folder that it is given.

    Raises:
        InvalidSetting: for a setting that cannot be used.
        PermanentError: when something cannot be started; the message says what, and how to mend it.
        TransientError: when something takes too long.
        OSError: when the data folder cannot be used.
    """
    # What is wrong is told before anything is started.
    access = load(environ).access
    ApiKeys(access.api_keys)
    binding.check(host, access)
    _check_port(host, port)
    with _alone(data):
        watch = supervisor(data / "log")
        try:
            env = dict(environ)
            env.setdefault(variable("spool_dir"), str(data.resolve() / "spool"))
            history = _start_redis(watch, data, env)
            offline = not env.get(variable("api_key")) and not env.get(variable("base_url"))
            if offline:
                _start_offline_model(watch, env)
            settings = load(env)
            grace = settings.worker.shutdown_grace + _AFTER_GRACE
            watch.start(
                programs.web(host, port, env),
                programs.worker("replies", env, grace=grace),
                programs.worker("compaction", _beside(env, settings.worker.metrics_port), grace=grace),
            )
            yield _told(host, port, data, history, settings, offline, watch.pids()), watch
        finally:
            watch.stop()


def _beside(env: Mapping[str, str], metrics_port: int) -> Mapping[str, str]:
    """Give the second worker the next port for its metrics, where the first one has one."""
    return {**env, variable("metrics_port"): str(metrics_port + 1)} if metrics_port else env


def _told(
    host: str,
    port: int,
    data: Path,
    history: str,
    settings: Settings,
    offline: bool,
    processes: dict[str, int],
) -> Deployment:
    model = settings.model.reply_model
    shown = f"[{host}]" if ":" in host else host
    return Deployment(
        url=f"http://{shown}:{port}",
        redis=history,
        model="the offline model, which only quotes; set GEMINI_API_KEY for Gemini" if offline else model,
        logs=str(data / "log"),
        offline=offline,
        keys=bool(settings.access.api_keys),
        processes=processes,
    )


def _start_redis(watch: Supervisor, data: Path, env: dict[str, str]) -> str:
    """Use the Redis that the settings name, or start one; `env` is given its address."""
    if env.get(variable("redis_url")):
        settings = load(env).store
        return f"{_version(settings)} at {shown(settings.redis_url)}"
    binary = embedded_redis.find_binary()
    where = embedded_redis.place(data / "redis")
    _wait_for_predecessor(where.url, data)
    program = programs.redis(binary, where)
    try:
        watch.start(program)
    except PermanentError as error:
        raise PermanentError(
            "no_redis",
            f"{error.message} (all of it: {watch.log_of(program)}). If its data is broken, move {data}/redis "
            "away to begin anew, or repair the append-only file with valkey-check-aof --fix",
        ) from None
    env[variable("redis_url")] = where.url
    env.setdefault(variable("broker_url"), where.broker_url)
    return f"{binary.version}, embedded, its data in {data}/redis"


def _version(settings: StoreSettings) -> str:
    try:
        with closing(connect(settings.redis_url, _REDIS_SECONDS)) as servers, unavailable():
            infos = [each.info("server") for each in servers.primaries()]
    except StoreUnavailable as error:
        raise PermanentError(
            "no_redis",
            f"no Redis answers at REDIS_URL ({error.message}); start it, or unset REDIS_URL to have "
            "an embedded one",
        ) from None
    found = min(
        (str(info["redis_version"]) for info in infos), key=lambda version: int(version.split(".")[0])
    )
    if int(found.partition(".")[0]) < embedded_redis.OLDEST[0]:
        raise PermanentError("no_redis", f"the Redis at REDIS_URL is {found}; Backscroll needs 7.0 or newer")
    return f"Redis {found}"


def _wait_for_predecessor(url: str, data: Path) -> None:
    deadline = time.monotonic() + _PREDECESSOR_SECONDS
    while embedded_redis.answers(url):
        if time.monotonic() > deadline:
            raise PermanentError("in_use", f"another Redis runs on {data}/redis; stop it, or use --data-dir")
        time.sleep(0.1)


def _start_offline_model(watch: Supervisor, env: dict[str, str]) -> None:
    # A port of its own choice would be another one after each start, and the workers have only this one.
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    watch.start(programs.offline_model(port, env))
    env[variable("base_url")] = f"http://127.0.0.1:{port}"
    env[variable("api_key")] = "offline"


def _check_port(host: str, port: int) -> None:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise PermanentError(
            "port", f"cannot listen on {host}:{port} ({error.strerror}); choose another: --port {port + 1}"
        ) from None


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the data folder: two deployments on one history file would destroy it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        held = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise PermanentError(
            "data_dir",
            f"cannot write to the data folder {data} ({error.strerror}); choose another: --data-dir",
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise PermanentError(
            "in_use", f"another backscroll runs on {data}; stop it, or choose another: --data-dir"
        ) from None
    try:
        yield
    finally:
        os.close(held)
