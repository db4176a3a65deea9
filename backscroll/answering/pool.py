"""Work about sessions on threads of a process's own, for as long as the broker carries no bells."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from backscroll.errors import Sealed, StoreUnavailable, frames
from backscroll.session import Session

log = logging.getLogger(__name__)


class Pool:
    """Works on at most `most` sessions at a time, each once. What finds no room is left to the sweep.

    Nothing waits here: what waits stands in Redis, where other processes find it, too.
    """

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._changed = threading.Condition()
        self._at: dict[Session, bool] = {}  # and whether it is to be worked on once more

    def begin(self, session: Session, work: Callable[[Session], object]) -> bool:
        """Begin to work on `session`, and return at once; False where there is no room.

        A session that is in work already is worked on once more afterwards: who has it may have looked before
        there was what it is begun for.
        """
        with self._changed:
            if session in self._at:
                self._at[session] = True
                return True
            if len(self._at) >= self._most:
                return False
            self._at[session] = False
        # A thread each, because there are none between outages. Under gevent it is a greenlet.
        threading.Thread(target=self._run, args=(session, work), name=self._name, daemon=True).start()
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is in work; False where that takes longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._at, seconds)

    def _run(self, session: Session, work: Callable[[Session], object]) -> None:
        try:
            while True:
                work(session)
                # In one step: what is begun for it after the look is begun anew.
                with self._changed:
                    if not self._at[session]:
                        self._leave(session)
                        return
                    self._at[session] = False
        except StoreUnavailable as error:
            log.warning("%s: left to the sweep: %s", self._name, error)
        except Sealed as error:
            log.error("%s: put off: %s", self._name, error.message)  # noqa: TRY400  (the operator's to mend)
        except Exception as error:  # noqa: BLE001  # a thread's own report would have the error's words
            log.error("%s: unexpected %s\n%s", self._name, type(error).__name__, frames(error))  # noqa: TRY400
        with self._changed:
            self._leave(session)

    def _leave(self, session: Session) -> None:
        """Make room. For who holds the lock."""
        del self._at[session]
        self._changed.notify_all()
