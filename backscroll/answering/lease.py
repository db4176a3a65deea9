"""Leases: keeping the session locks of a whole process while its turns are in work.

One thread renews them all at a third of the lease, in one round trip, however many there are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from backscroll.errors import LeaseLost, StoreUnavailable
from backscroll.session import Session
from backscroll.store.redis import Store
from backscroll.store.turns import renew

log = logging.getLogger(__name__)


class Lease:
    """One session's lock, held by this process as `token` until it is found lost."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.token = token_hex(16)
        self._lost = threading.Event()

    def lose(self) -> None:
        """Note that the lock is somebody else's now."""
        self._lost.set()

    def check(self) -> None:
        """Return while the lock is ours.

        Raises:
            LeaseLost: when it is not.
        """
        if self._lost.is_set():
            raise LeaseLost

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than the lock is ours.

        Raises:
            LeaseLost: when it is not ours any more.
        """
        if self._lost.wait(seconds):
            raise LeaseLost


class Leases:
    """All leases that this process holds, and the thread that renews them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: set[Lease] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def keep(self, lease: Lease) -> Iterator[None]:
        """Renew a lease, which a claim has just got, until the block ends."""
        with self._changed:
            self._held.add(lease)
            if self._thread is None:
                self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._held.discard(lease)

    def held(self) -> list[Lease]:
        """Give the leases that are held at the moment."""
        with self._changed:
            return list(self._held)

    def _renew(self) -> None:
        interval = self._store.settings.lock_lease / 3
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._held)
            time.sleep(interval)
            held = self.held()
            if not held:
                continue
            try:
                kept = renew(self._store, [(lease.session, lease.token) for lease in held])
            except StoreUnavailable as error:
                # Not lost yet: the next try may still be in time, and a commit will tell for certain.
                log.warning("leases not renewed: %s", error)
                continue
            for lease, ours in zip(held, kept, strict=True):
                if not ours:
                    lease.lose()
