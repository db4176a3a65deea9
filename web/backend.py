"""What the routes work with, made once by the app factory."""

from __future__ import annotations

from dataclasses import dataclass

from backscroll import logs
from backscroll.doorbell import Doorbell
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.spool.merge import Merger
from backscroll.store.ended import Ended
from backscroll.store.following import Following
from backscroll.store.redis import Store
from web import access
from web.degraded import Degraded
from web.inline import Inline
from web.limits import Limits
from web.remembered import Remembered


@dataclass(frozen=True)
class Backend:
    """Store, doorbell, who hears of ends and of events, who answers without the broker, and limits.

    For an outage of the store: what is remembered, who answers then, and who brings it home afterwards.
    """

    settings: Settings
    store: Store
    ended: Ended
    following: Following
    bell: Doorbell
    limits: Limits
    inline: Inline
    remembered: Remembered
    degraded: Degraded
    merger: Merger

    def release(self) -> None:
        """Let go of all requests that wait for something: the process ends."""
        self.ended.release()
        self.following.release()
        self.inline.release()
        self.merger.stop()

    def session(self, sid: str) -> Session:
        """Name the caller's session `sid`, which lines of log are about from here on.

        Raises:
            InvalidRequest: for a name that no session can have.
        """
        session = Session(access.tenant(), sid)
        logs.add(session=session)
        return session
