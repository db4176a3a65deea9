"""Merging: what is in the spool comes into the sessions, once each, in order of time, and is gone from disk.

Each process reads the files of all, so that the order of time holds over all of them. That several do so at
once does no harm: each turn is written once, by whoever comes first, and its reply's id tells the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from backscroll.errors import StoreUnavailable
from backscroll.metrics import MERGED
from backscroll.session import Session
from backscroll.spool.files import Spool, lines
from backscroll.spool.record import decode
from backscroll.store.recover import DegradedTurn, Recovered, recover
from backscroll.store.redis import Store

log = logging.getLogger(__name__)

# From one look at the folder to the next, in seconds: looking costs nothing where there is no outage. And the
# longest from one that failed.
_LOOK, _LONGEST = 1.0, 2.0


class _File(msgspec.Struct, frozen=True):
    path: Path
    size: int
    turns: tuple[DegradedTurn, ...]
    torn: int


def merge(
    spool: Spool,
    store: Store,
    *,
    settled: Callable[[DegradedTurn], object],
    ring: Callable[[Session], object],
) -> int:
    """Bring what is in the spool into the sessions, apart from those that somebody holds at the moment.

    Args:
        spool: where it is; a file that is done with is removed.
        store: where it goes.
        settled: told of each turn that need not be remembered any more.
        ring: called for a session in which something waits.

    Returns:
        How many turns are left for later.

    Raises:
        StoreUnavailable: when Redis does not serve. What was not merged is still there.
    """
    paths = spool.files()
    if not paths:
        return 0
    store.ping()  # before all of them are read in vain
    files = [found for path in paths if (found := _read(path))]
    held: set[Session] = set()
    left: set[str] = set()
    for turn in sorted((turn for file in files for turn in file.turns), key=lambda turn: turn.accepted_at):
        # What comes later in a session waits for what comes first.
        became: Recovered = "busy"
        if turn.session not in held:
            became = _recovered(store, turn, ring)
        if became == "busy":
            held.add(turn.session)
            left.add(turn.reply_id)
            continue
        if became != "again":
            MERGED.labels(result=became).inc()
            log.info("spooled turn: reply=%s result=%s", turn.reply_id, became)
        settled(turn)
    for file in files:
        done = all(turn.reply_id not in left for turn in file.turns)
        if done and spool.remove(file.path, file.size) and file.torn:
            MERGED.labels(result="torn").inc(file.torn)
            log.warning("spooled turns: result=torn count=%d", file.torn)
    return len(left)


def _recovered(store: Store, turn: DegradedTurn, ring: Callable[[Session], object]) -> Recovered:
    try:
        became, must_ring = recover(store, turn)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  # one that cannot be written must not keep the others from it
        log.warning("not merged: reply=%s error=%s", turn.reply_id, type(error).__name__)
        return "busy"
    if must_ring:
        ring(turn.session)
    return became


def _read(path: Path) -> _File | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None  # another process was done with it first
    turns, torn = [], 0
    for line in lines(data):
        try:
            turns.append(decode(line))
        except ValueError:
            torn += 1  # or still being written: then the file has grown by the time that it would be removed
    return _File(path, len(data), tuple(turns), torn)


class Merger:
    """Merges for as long as the process lives, in a thread of its own."""

    def __init__(
        self,
        spool: Spool,
        store: Store,
        *,
        settled: Callable[[DegradedTurn], object],
        ring: Callable[[Session], object],
    ) -> None:
        self._spool, self._store = spool, store
        self._settled, self._ring = settled, ring
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    def start(self) -> None:
        """Begin to look at the folder."""
        self._thread.start()

    def stop(self) -> None:
        """Merge no more; what is left is left on disk."""
        self._stopped.set()

    def _run(self) -> None:
        pause = _LOOK
        while not self._stopped.wait(pause):
            try:
                merge(self._spool, self._store, settled=self._settled, ring=self._ring)
                pause = _LOOK
            except StoreUnavailable:
                pause = min(2 * pause, _LONGEST)
            except OSError as error:
                log.warning("spool not read: error=%s", error.strerror or error)
                pause = _LONGEST
