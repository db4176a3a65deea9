"""Merging: what is in the spool comes into the sessions, once each, in order of time, and is gone from disk.

Each process reads the files of all, so that the order of time holds over all of them. That several do so at
once does no harm: each turn is written once, by whoever comes first, and its reply's id tells the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from backscroll.errors import Sealed, StoreUnavailable, frames
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
    """A file as it was read, and still is by its `mark`. `turns` wait; those that are `home` do not."""

    path: Path
    mark: tuple[int, ...]
    size: int
    turns: tuple[DegradedTurn, ...]
    home: frozenset[str]
    torn: int
    sealed: int


class Merger:
    """Brings what is in a spool into its sessions. Threads share it.

    Args:
        spool: where it is; a file that is done with is removed.
        store: where it goes.
        settled: told of each turn that need not be remembered any more, and what became of it.
        ring: called for a session in which something waits.
    """

    def __init__(
        self,
        spool: Spool,
        store: Store,
        *,
        settled: Callable[[DegradedTurn, Recovered], object],
        ring: Callable[[Session], object],
    ) -> None:
        self._spool, self._store = spool, store
        self._settled, self._ring = settled, ring
        self._stopped = threading.Event()
        # Files that stay: for turns that wait, or because they are another process's. Each is read
        # again when it has changed, and not each second.
        self._files: dict[Path, _File] = {}
        # Turns and files that cannot be helped before somebody has seen to it: told of once.
        self._told: set[str] = set()

    def start(self) -> None:
        """Merge whatever there is from now on, in a thread of its own, until `stop`."""
        threading.Thread(target=self._run, name="spool", daemon=True).start()

    def stop(self) -> None:
        """Merge no more; what is left is left on disk."""
        self._stopped.set()

    def merge(self) -> int:
        """Bring everything home, apart from turns of sessions that somebody holds at the moment.

        Returns:
            How many turns are left for later.

        Raises:
            StoreUnavailable: when Redis does not serve. What was not merged is still there.
            OSError: when the folder cannot be read or written.
        """
        paths = self._spool.files()
        if not paths:
            self._files = {}
            return 0
        self._store.ping()  # before all of them are read in vain
        files = [found for path in paths if (found := self._read(path))]
        left = self.bring(turn for file in files for turn in file.turns)
        kept: dict[Path, _File] = {}
        for file in files:
            waiting = tuple(turn for turn in file.turns if turn.reply_id in left)
            if file.sealed or waiting or not self._spool.remove(file.path, file.size):
                home = file.home | {turn.reply_id for turn in file.turns} - left
                kept[file.path] = msgspec.structs.replace(file, turns=waiting, home=home)
            elif file.torn:
                MERGED.labels(result="torn").inc(file.torn)
                log.warning("spooled turns: result=torn count=%d", file.torn)
        self._files = kept
        return len(left)

    def bring(self, turns: Iterable[DegradedTurn]) -> set[str]:
        """Bring these turns home in order of time, and give the reply ids of those that have to wait.

        Raises:
            StoreUnavailable: when Redis does not serve.
        """
        left: set[str] = set()
        held: set[Session] = set()
        for turn in sorted(turns, key=lambda turn: turn.accepted_at):
            # What comes later in a session waits for what comes first.
            became = "busy" if turn.session in held else self._recovered(turn)
            if became == "busy":
                held.add(turn.session)
                left.add(turn.reply_id)
            else:
                self._settled(turn, became)
        return left

    def _recovered(self, turn: DegradedTurn) -> Recovered:
        try:
            became, must_ring = recover(self._store, turn)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # one that cannot be written must not keep the others from it
            if self._news(turn.reply_id):
                log.warning("not merged: reply=%s error=%s", turn.reply_id, type(error).__name__)
            return "busy"
        if became not in ("again", "busy"):
            MERGED.labels(result=became).inc()
            log.info("spooled turn: reply=%s result=%s", turn.reply_id, became)
        if must_ring:
            self._ring(turn.session)
        return became

    def _read(self, path: Path) -> _File | None:
        known = self._files.get(path)
        try:
            found = path.stat()  # first: what is written while it is read changes it
            mark = found.st_ino, found.st_size, found.st_mtime_ns
            if known and known.mark == mark:
                return known
            data = path.read_bytes()
        except OSError:
            return None  # another process was done with it first
        home = known.home if known else frozenset()
        turns, torn, sealed = [], 0, 0
        for line in lines(data):
            try:
                turn = decode(line, self._store.cipher)
                if turn.reply_id not in home:
                    turns.append(turn)
            except ValueError:
                torn += (
                    1  # or still being written: then the file has grown by the time that it would be removed
                )
            except Sealed as error:
                sealed += 1
                if self._news(path.name):
                    log.warning("spooled turn: result=sealed error=%s", error)
        return _File(path, mark, len(data), tuple(turns), home, torn, sealed)

    def _news(self, what: str) -> bool:
        news = what not in self._told
        self._told.add(what)
        return news

    def _run(self) -> None:
        pause = _LOOK
        while not self._stopped.wait(pause):
            try:
                self.merge()
                pause = _LOOK
            except StoreUnavailable:
                pause = min(2 * pause, _LONGEST)
            except OSError as error:
                log.warning("spool not read: error=%s", error.strerror or error)
                pause = _LONGEST
            except Exception as error:  # noqa: BLE001  # what is in the spool must not wait for a restart
                log.error("unexpected %s\n%s", type(error).__name__, frames(error))  # noqa: TRY400
                pause = _LONGEST
