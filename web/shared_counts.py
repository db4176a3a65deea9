"""The directory in which all processes of one gunicorn count, so that any of them can tell the whole.

Also where there is one process: their number may be given by a flag, and changed by a signal. It is a new
directory each time, or what an earlier server counted would count again. The server holds a lock on it for as
long as it lives: one that can be locked was left behind by a server that was killed, and is removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

# Read by prometheus_client when it is imported, which is in the processes that serve.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "backscroll-metrics-"
_LOCK = "lock"


def begin() -> None:
    """Make the directory, name it to the processes to come, and remove those of dead servers."""
    _remove_left_behind()
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
    # Locked under another name: nobody may take it for a dead server's between two steps.
    unborn = directory / "unborn"
    file = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)  # let go of by the end of the process, and of those that it forked
    unborn.rename(directory / _LOCK)
    os.environ[VARIABLE] = str(directory)


def forget(pid: int) -> None:
    """Forget the gauges of a process that ended. What it has counted stays: counters do not go back."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def end() -> None:
    """Remove the directory: the server ends."""
    shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)


def _remove_left_behind() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            file = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # another user's, or just removed
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(lock.parent, ignore_errors=True)
        finally:
            os.close(file)
