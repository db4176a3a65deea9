"""A store that can be away, slow, and counted: to see what its callers make of that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from backscroll.store.redis import Argument, Store


class Away(Store):
    """Does not serve for its next `left` calls, and says so by `error`."""

    left = 0
    error: Exception = StoreUnavailable("away")

    def run_many(self, name: str, calls: Sequence[tuple[Session, Sequence[Argument]]]) -> list[Any]:
        if self.left:
            self.left -= 1
            raise self.error
        return super().run_many(name, calls)


class Counted(Away):
    """Notes of which sessions each round trip told events; takes none while `free` is not set."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.settings)
        self.trips: list[set[Session]] = []
        self.free = threading.Event()
        self.free.set()

    def run_many(self, name: str, calls: Sequence[tuple[Session, Sequence[Argument]]]) -> list[Any]:
        assert self.free.wait(10)
        found = super().run_many(name, calls)
        if name == "append_events":
            self.trips.append({session for session, _ in calls})
        return found
