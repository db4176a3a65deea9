"""Leases: keeping the session locks of a whole process while its turns are in work.

One thread renews them all at a third of the lease, in one round trip, however many there are. A turn that
is cancelled, or whose session is deleted, is heard of at once: its lease is looked at out of turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from secrets import token_hex

from backscroll.errors import LeaseLost
from backscroll.lasting import begun, survived
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.store import keys
from backscroll.store.listener import Listener
from backscroll.store.redis import Store
from backscroll.store.turns import Turn, renew

log = logging.getLogger(__name__)


class Lease(Stop):
    """One session's lock, held by this process as `token` until it is found lost, or handed back."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.token = token_hex(16)
        self.turn: Turn | None = None
        self.since = time.time()

    def take_up(self, turn: Turn) -> None:
        """Note which turn the lock is held for from now on, for those who ask what is in work."""
        self.turn, self.since = turn, time.time()


class Leases:
    """All leases that this process holds, and the thread that renews them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: set[Lease] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._dropped = Listener(store, heard=self._look, missed=self._look_at_all)

    @contextmanager
    def keep(self, lease: Lease) -> Iterator[None]:
        """Renew a lease, which a claim has just got, until the block ends."""
        try:
            with self._changed:
                self._held.add(lease)
                self._thread = self._thread or begun("leases", self._renew)
                self._changed.notify()
            self._dropped.listen(keys.DROPPED)
            yield
        finally:
            with self._changed:
                self._held.discard(lease)

    def held(self) -> list[Lease]:
        """Give the leases that are held at the moment."""
        with self._changed:
            return list(self._held)

    def close(self) -> None:
        """Stop to listen for what is cancelled."""
        self._dropped.close()

    def _renew(self) -> None:
        interval = self._store.settings.lock_lease / 3
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._held)
            time.sleep(interval)
            self._look_at_all()

    def _look(self, _: str, session: bytes) -> None:
        self._store.memory.forget(Session.parse(session.decode()))  # it may have been deleted
        self._check([lease for lease in self.held() if str(lease.session) == session.decode()])

    def _look_at_all(self, _: str = keys.DROPPED) -> None:
        self._check(self.held())

    def _check(self, leases: Sequence[Lease]) -> None:
        if not leases:
            return
        # Where that fails, none is lost yet: the next try may be in time, and a commit will tell for certain.
        with survived(log, "leases not renewed", outage=logging.WARNING):
            kept = renew(self._store, [(lease.session, lease.token) for lease in leases])
            for lease, ours in zip(leases, kept, strict=True):
                if not ours:
                    lease.stop(LeaseLost())
