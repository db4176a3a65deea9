"""What the routes work with, made once by the app factory."""

from __future__ import annotations

from dataclasses import dataclass

from backscroll.doorbell import Doorbell
from backscroll.session import DEFAULT_TENANT, Session
from backscroll.settings import Settings
from backscroll.store.ended import Ended
from backscroll.store.following import Following
from backscroll.store.redis import Store
from web.inline import Inline


@dataclass(frozen=True)
class Backend:
    """The store, who hears of ended replies and of their events, the doorbell, and who answers without it."""

    settings: Settings
    store: Store
    ended: Ended
    following: Following
    bell: Doorbell
    inline: Inline

    def release(self) -> None:
        """Let go of all requests that wait for something: the process ends."""
        self.ended.release()
        self.following.release()
        self.inline.release()

    def session(self, sid: str) -> Session:
        """Name the caller's session `sid`.

        Raises:
            InvalidRequest: for a name that no session can have.
        """
        return Session(DEFAULT_TENANT, sid)
