"""One client, which talks on in its session whatever is away, and holds the server to what is documented."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count, cycle
from random import Random
from typing import Any

import httpx2
import msgspec

from backscroll.client.reply import ENDED
from tests.chaos.told import Breach, Reply, Told

# Seconds: of one wait for a reply, of the longest pause before a call is made again, and of one turn at most.
_WAIT, _LONGEST_PAUSE, _PATIENCE = 5.0, 0.5, 60.0
# The longest between two turns, as of somebody who reads the answer: an outage catches some at that.
_READS = 1.5


class Answer(Reply, frozen=True, kw_only=True):
    """A reply, with what it says of an outage."""

    degraded: bool = False
    degraded_reason: str | None = None
    recorded: bool = True


class GaveUp(Exception):
    """No answer came within the client's patience."""


class Client:
    """A client of one session, what it was told, and what it has to complain of."""

    def __init__(self, http: httpx2.Client, session: str, heard: Callable[[], None]) -> None:
        self.session = session
        self.told: list[Told] = []
        self.breaches: list[Breach] = []
        self.requests = 0
        self.unavailable = 0
        self._http = http
        self._heard = heard
        self._path = f"/v1/sessions/{session}"

    def talk(self, texts: Sequence[str], enough: threading.Event) -> None:
        """Say one text after the other, each when the one before has its answer, until `enough` is set."""
        rng = Random(self.session)
        for number, text in enumerate(cycle(texts), 1):
            try:
                self._turn(number, f"{text} (message {number})")
            except GaveUp as error:
                self.breaches.append(Breach("unanswered", self.session, str(error)))
            self._heard()
            if enough.wait(rng.uniform(0, _READS)):
                return

    def _turn(self, number: int, said: str) -> None:
        posted = time.monotonic()
        key = {"Idempotency-Key": f"{self.session}.{number}"}
        reply = self._call("POST", "/messages", posted, json={"text": said}, headers=key)
        while reply.status not in ENDED:
            if time.monotonic() - posted > _PATIENCE:
                raise GaveUp(f"{reply.id} is {reply.status} after {_PATIENCE:g} s")
            reply = self._call("GET", f"/replies/{reply.id}", posted, params={"wait": _WAIT})
        self.told.append(Told(step=number, said=said, reply=reply, posted=posted, ended=time.monotonic()))

    def _call(self, method: str, path: str, posted: float, **request: Any) -> Answer:
        """Make a call, again while it is answered with the 503 that is documented; nothing else may come."""
        for tries in count():
            self.requests += 1
            try:
                response = self._http.request(method, self._path + path, **request)
            except httpx2.RequestError as error:
                self._complain(method, path, type(error).__name__)
            else:
                if response.status_code in (200, 202):
                    return msgspec.json.decode(response.content, type=Answer)
                self._refused(method, path, response)
            if time.monotonic() - posted > _PATIENCE:
                raise GaveUp(f"{method} {path} was not served in {_PATIENCE:g} s")
            time.sleep(min(0.05 * 2**tries, _LONGEST_PAUSE))
        raise AssertionError("count() has no end")

    def _refused(self, method: str, path: str, response: httpx2.Response) -> None:
        documented = response.status_code == 503 and response.headers.get("Retry-After", "0").isdigit()
        if documented and response.json().get("code") == "store_unavailable":
            self.unavailable += 1
        else:
            self._complain(method, path, f"{response.status_code} {response.text[:200]}")

    def _complain(self, method: str, path: str, what: str) -> None:
        self.breaches.append(Breach("undocumented", f"{method} {self.session}{path}", what))
