"""The files of a spool: each is written by one process, which holds a lock on it for as long as it lives.

So a file that can be locked is one that a dead process has left behind, and whoever locks it may see to it.
All may read all of them: lines are only ever added, and a file goes when the store has all of it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Literal
from urllib.parse import urlsplit

from backscroll.metrics import SPOOLED
from backscroll.settings.nodes import are_named

log = logging.getLogger(__name__)

Wrote = Literal["written", "full", "failed"]


def name_of(redis_url: str) -> str:
    """Give what the names of a store's files begin with: two stores may be served from one folder."""
    parts = urlsplit(redis_url)
    if are_named(redis_url):
        where = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
        return sha256(where.encode()).hexdigest()[:12]
    return sha256(f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}".encode()).hexdigest()[:12]


class Spool:
    """What one process has written, in a file of its own. Threads may share it, forked processes not.

    Args:
        directory: of all processes of this machine that serve the same store, and may be of others.
        store: the store's address; files of other stores are left alone.
        most: bytes that all files in the directory may have together.
    """

    def __init__(self, directory: Path, store: str, most: int) -> None:
        self.directory = directory
        self._prefix = name_of(store)
        self._most = most
        self._lock = threading.Lock()
        self._own: tuple[Path, int] | None = None

    def append(self, line: bytes) -> Wrote:
        """Write a line; return when it is on disk, or known not to be, which is counted and logged."""
        with self._lock:
            wrote = self._append(line)
        SPOOLED.labels(result=wrote).inc()
        if wrote == "full":
            log.warning("not spooled: result=full bytes=%d", self._most)
        return wrote

    def _append(self, line: bytes) -> Wrote:
        try:
            if self.size() + len(line) > self._most:
                return "full"
            self._own = self._own or self._create()
            file = self._own[1]
            before = os.fstat(file).st_size
            try:
                # In one go: what a crash leaves of a line is its beginning, and the last of its file.
                if os.write(file, line) != len(line):
                    raise OSError("the disk is full")
                os.fsync(file)
            except OSError:
                os.ftruncate(file, before)
                raise
        except OSError as error:
            log.warning("not spooled: result=failed error=%s", error.strerror or error)
            return "failed"
        return "written"

    def size(self) -> int:
        """Give the bytes that all files in the directory have together, of all processes and stores."""
        if not self.directory.exists():
            return 0
        with os.scandir(self.directory) as found:
            return sum(map(_size_of, found))

    def _create(self) -> tuple[Path, int]:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.directory / f"{self._prefix}-{token_hex(8)}.spool"
        # Locked under another name: nobody may take it for a dead process's between two steps.
        unborn = path.with_suffix(".new")
        file = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            unborn.rename(path)
            _sync(self.directory)
        except OSError:
            os.close(file)
            raise
        return path, file

    def files(self) -> list[Path]:
        """Name the files of this store, of all processes, the dead ones' too."""
        return sorted(self.directory.glob(f"{self._prefix}-*.spool"))

    def remove(self, path: Path, size: int) -> bool:
        """Remove a file whose first `size` bytes the store has; tell whether it was removed.

        It stays where there is more in it by now, or where another process lives that may write more.
        """
        with self._lock:
            if self._own is not None and self._own[0] == path:
                removed = _remove(path, self._own[1], size)
                if removed:
                    os.close(self._own[1])
                    self._own = None
                return removed
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                return False
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return _remove(path, file, size)
            except BlockingIOError:
                return False
            finally:
                os.close(file)

    def close(self) -> None:
        """Let go of the own file, as the end of the process would."""
        with self._lock:
            if self._own is not None:
                os.close(self._own[1])
                self._own = None


def _remove(path: Path, file: int, size: int) -> bool:
    if os.fstat(file).st_size != size or not path.exists():
        return False
    path.unlink()
    return True


def _size_of(found: os.DirEntry[str]) -> int:
    try:
        return found.stat().st_size if found.is_file() else 0
    except FileNotFoundError:
        return 0  # another process was done with it a moment ago


def _sync(directory: Path) -> None:
    """Have the directory's list of files on disk, too."""
    found = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(found)
    finally:
        os.close(found)


def lines(data: bytes) -> Iterator[bytes]:
    """Yield each line of a file, the last one also where it has no newline."""
    yield from filter(None, data.split(b"\n"))
