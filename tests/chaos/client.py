"""One client: posts step by step into its session, and waits for each reply until it has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import msgspec

from backscroll.client.reply import ENDED
from tests.chaos.calling import Front, GaveUp
from tests.chaos.habits import Step, Wish
from tests.chaos.told import Breach, Reply, Told

# Above the reply's own deadline, a model's long pause and three leases together.
_REPLY_LIMIT = 90.0
_WAIT = 5.0


class _Gone(Exception):
    """The server does not know a reply that it had told of."""


class Client:
    """A client of one session, and what it was told so far: threads of one step add to it."""

    def __init__(self, front: Front, session: str, heard: Callable[[], None]) -> None:
        self.session = session
        self.told: list[Told] = []
        self.breaches: list[Breach] = []
        self._front = front
        self._heard = heard
        self._path = f"/v1/sessions/{session}"

    def play(self, steps: Iterable[Step], enough: threading.Event) -> None:
        """Do step by step until `enough` is set; a step that was begun is brought to its end."""
        for number, step in enumerate(steps, 1):
            with ThreadPoolExecutor(len(step.wishes)) as together:
                for done in [together.submit(self._say, number, wish) for wish in step.wishes]:
                    done.result()
            if enough.wait(step.pause):
                return

    def _say(self, step: int, wish: Wish) -> None:
        try:
            self._turn(step, wish)
        except GaveUp as error:
            self._complain("unserved", str(error))
        self._heard()

    def _turn(self, step: int, wish: Wish) -> None:
        posted = time.monotonic()
        # The text is one of its kind in the session; its end, the message's number, makes a short key.
        key = {"Idempotency-Key": f"{self.session}.{wish.said.rpartition(' ')[2].rstrip(')')}"}
        response = self._front.call("POST", f"{self._path}/messages", json={"text": wish.said}, headers=key)
        if response.status_code not in (200, 202):
            self._complain("refused", f"{response.status_code} {response.text[:200]} for {wish.said[:80]!r}")
            return
        reply = _reply(response)
        path = f"{self._path}/replies/{reply.id}"
        try:
            if wish.cancel_after is not None and reply.status not in ENDED:
                time.sleep(wish.cancel_after)
                reply = self._look("POST", f"{path}/cancel", reply)
                if reply.status not in ENDED:
                    self._complain("not_cancelled", f"{reply.id} is {reply.status} after its cancel")
            while reply.status not in ENDED and time.monotonic() - posted < _REPLY_LIMIT:
                reply = self._look("GET", path, reply)
        except _Gone as error:
            self._complain("gone", str(error))
        ended = time.monotonic() if reply.status in ENDED else None
        self.told.append(Told(step=step, said=wish.said, reply=reply, posted=posted, ended=ended))

    def _look(self, method: str, path: str, before: Reply) -> Reply:
        response = self._front.call(method, path, wait=_WAIT if method == "GET" else 0.0)
        if response.status_code != 200:
            raise _Gone(f"{before.id}, once {before.status}: {response.status_code}")
        return _reply(response)

    def _complain(self, kind: str, what: str) -> None:
        self.breaches.append(Breach(kind, self.session, what))


def _reply(response: httpx2.Response) -> Reply:
    return msgspec.json.decode(response.content, type=Reply)
