"""Calls to whichever web process is there: each call goes on until it is served, by one or the other."""

from __future__ import annotations

import threading
import time
from itertools import count
from typing import Any

import httpx2

from tests.chaos.told import Breach

PATIENCE = 90.0
_COME_AGAIN = frozenset({429, 502, 503, 504})
# Clients come back sooner than they are asked to: what is measured is the deployment's recovery, not theirs.
_LONGEST_PAUSE = 0.5


class GaveUp(Exception):
    """No web process served a call within the client's patience."""


class Front:
    """The web processes, as one. Threads may share it."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._urls = urls
        self._number = count()
        self._lock = threading.Lock()
        limits = httpx2.Limits(max_connections=500, max_keepalive_connections=100)
        self._http = httpx2.Client(timeout=httpx2.Timeout(10.0, connect=2.0), limits=limits)
        self.tried_again = 0
        self.breaches: list[Breach] = []

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, *, wait: float = 0.0, **request: Any) -> httpx2.Response:
        """Make a call, again and again while it cannot be served. A POST must be safe to repeat.

        Args:
            method: GET or POST.
            path: below the web processes' addresses.
            wait: seconds that the server may take its time, by `?wait=`.
            request: what else httpx2 takes for a request.

        Raises:
            GaveUp: when nobody served it.
        """
        if wait:
            request |= {"params": {"wait": wait}, "timeout": wait + 5.0}
        deadline = time.monotonic() + PATIENCE
        for tries in count():
            with self._lock:
                url = self._urls[next(self._number) % len(self._urls)]
                self.tried_again += tries > 0
            try:
                response = self._http.request(method, url + path, **request)
            except httpx2.RequestError as error:
                said = type(error).__name__
            else:
                said = f"{response.status_code} {response.text[:200]}"
                if response.status_code < 500 and response.status_code not in _COME_AGAIN:
                    return response
                if response.status_code not in _COME_AGAIN:
                    self.breaches.append(Breach("server_error", f"{method} {path}", said))
            if time.monotonic() > deadline:
                raise GaveUp(f"{method} {path}: {said}")
            time.sleep(min(0.05 * 2**tries, _LONGEST_PAUSE))
        raise AssertionError("count() has no end")
