"""What the routes work with, made once by the app factory."""

from __future__ import annotations

from dataclasses import dataclass

from backscroll.doorbell import Doorbell
from backscroll.session import DEFAULT_TENANT, Session
from backscroll.settings import Settings
from backscroll.store.ended import Ended
from backscroll.store.redis import Store


@dataclass(frozen=True)
class Backend:
    """The store, who hears of ended replies, and the doorbell."""

    settings: Settings
    store: Store
    ended: Ended
    bell: Doorbell

    def session(self, sid: str) -> Session:
        """Name the caller's session `sid`.

        Raises:
            InvalidRequest: for a name that no session can have.
        """
        return Session(DEFAULT_TENANT, sid)
