"""A circuit breaker: calls to what is down fail at once, and one of them at a time finds out when it is back.

Closed, it lets every call through. It opens after a number of failures in a row; then only a probe goes
through, once in an interval: a call of the breaker's own, where there is a cheap one, else the next request.
Whatever succeeds closes it. So does time, where nobody has asked for long: what a fallback was like hours ago
is no reason to turn away all but one of those who need it now.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from backscroll import metrics
from backscroll.lasting import begun, survived

log = logging.getLogger(__name__)

# Intervals without a request, after which nobody knows any more how a dependency without a probe is.
_OUTDATED = 10


class Breaker:
    """The breaker of one dependency, for all threads of a process.

    Args:
        name: the dependency, as metrics and log lines name it.
        probe_interval: seconds between two probes while it is open.
        failures_to_open: how many failures in a row open it.
        lasting: seconds that such a row must have lasted; what is over sooner is left to retries.
        probe: tells whether the dependency is back, and is called on a thread of its own while the breaker is
            open. Without one, a request in each interval is let through to see.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        *,
        probe_interval: float,
        failures_to_open: int = 1,
        lasting: float = 0.0,
        probe: Callable[[], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._interval = probe_interval
        self._most = failures_to_open
        self._lasting = lasting
        self._probe = probe
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._failing_since = 0.0
        self._opened_at: float | None = None
        self._probe_at = 0.0
        self._prober: threading.Thread | None = None
        self._disposed = threading.Event()
        self._gauge = metrics.BREAKER_OPEN.labels(name)

    @property
    def is_open(self) -> bool:
        """Tell whether calls fail at once at the moment."""
        return self._opened_at is not None

    def admits(self) -> bool:
        """Tell whether a call may be tried. Whoever was admitted says how it went."""
        if not self.is_open:  # the ordinary case, without a lock
            return True
        with self._lock:
            if self._opened_at is None:
                return True
            if self._probe is not None:
                self._keep_probing(self._probe)
                return False
            now = self._clock()
            if now < self._probe_at:
                return False
            outdated = now >= self._probe_at + (_OUTDATED - 1) * self._interval
            if outdated:
                # One failure opens it again: the row goes on.
                self._failures, self._opened_at = max(1, self._most - 1), None
                self._gauge.dec()
            self._probe_at = now + self._interval
        if outdated:
            log.warning("%s was down when it was last asked, and is asked by all again", self._name)
        return True

    def succeeded(self) -> None:
        """Note that the dependency served."""
        if not self._failures:
            return
        with self._lock:
            self._failures = 0
            if self._opened_at is None:
                return
            seconds, self._opened_at = self._clock() - self._opened_at, None
            self._gauge.dec()
        log.warning("%s is back after %.1f s", self._name, seconds)

    def failed(self, reason: str) -> None:
        """Note that the dependency could not be reached, or did not answer; `reason` is for the log."""
        with self._lock:
            now = self._clock()
            if not self._failures:
                self._failing_since = now
            self._failures += 1
            if self._opened_at is not None:
                return
            if self._failures < self._most or now - self._failing_since < self._lasting:
                return
            self._opened_at, self._probe_at = now, now + self._interval
            self._gauge.inc()
            if self._probe is not None:
                self._keep_probing(self._probe)
        log.warning("%s is down, and calls to it fail at once: %s", self._name, reason)

    def dispose(self) -> None:
        """Probe no more: the dependency is not needed any longer."""
        self._disposed.set()

    def _keep_probing(self, probe: Callable[[], bool]) -> None:
        """Have a thread that probes. For who holds the lock."""
        if self._disposed.is_set():
            return
        if self._prober is None or not self._prober.is_alive():
            self._prober = begun(f"probe-{self._name}", lambda: self._look(probe))

    def _look(self, probe: Callable[[], bool]) -> None:
        # The first look comes at once: what had only stumbled is not down for an interval.
        while self._to_be_probed():
            with survived(log, f"{self._name} not probed"):
                if probe():
                    self.succeeded()
                    continue
            self._disposed.wait(self._interval)

    def _to_be_probed(self) -> bool:
        """Tell the prober whether to go on; in one step, so that who opens it anew knows whether it does."""
        with self._lock:
            wanted = self._opened_at is not None and not self._disposed.is_set()
            if not wanted:
                self._prober = None
            return wanted
