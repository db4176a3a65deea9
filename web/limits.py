"""What a tenant may take: requests in a minute, sessions at a time, model tokens in a day.

All of them fail open: who cannot be counted, because Redis is down, is served. Requests are then counted
in this process alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, request

from backscroll import metrics
from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from backscroll.settings import AccessSettings
from backscroll.store import bounds
from backscroll.store.redis import Store
from web import access

log = logging.getLogger(__name__)

T = TypeVar("T")


class Limits:
    """The limits of this deployment, whoever asks. Those that are not set cost nothing."""

    def __init__(self, store: Store, settings: AccessSettings) -> None:
        self._store = store
        self._settings = settings
        self._requests = None
        if settings.requests_per_minute:
            from web.request_rate import RequestRate  # the library takes its time to load

            self._requests = RequestRate(store, settings.requests_per_minute)

    def take_request(self, tenant: str) -> None:
        """Count a request of `tenant`.

        Raises:
            RateLimited: when it was one too many.
        """
        if self._requests is not None:
            self._requests.take(tenant)

    def admit_message(self, session: Session) -> str:
        """Let the tenant say something in `session`.

        Returns:
            What to `leave` when the message is refused; '' for nothing.

        Raises:
            TooManySessions: when the tenant has as many as it may, and this is none of them.
            TokensSpent: when there are no tokens left for today.
        """
        return _openly("sessions", lambda: bounds.admit_message(self._store, self._settings, session)) or ""

    def admit_settings(self, session: Session, ttl: float | None) -> None:
        """Let the tenant set up `session`, with its own time to live in seconds if it has one.

        Raises:
            TooManySessions: when the tenant has as many as it may, and this is none of them.
        """
        _openly("sessions", lambda: bounds.admit_settings(self._store, self._settings, session, ttl))

    def spare_tokens(self, session: Session) -> None:
        """Return when the tenant has tokens left for today.

        Raises:
            TokensSpent: when there are none.
        """
        _openly("tokens", lambda: bounds.spare_tokens(self._store, self._settings, session.tenant))

    def leave(self, session: Session, place: str = "") -> None:
        """Give back the place of a session that was deleted; where that fails, it expires.

        With a `place`, of one that was admitted and whose message was refused: see `bounds.leave`.
        """
        _openly("sessions", lambda: bounds.leave(self._store, self._settings, session, place))


def register(app: Flask, limits: Limits) -> None:
    """Count each request below /v1 that was let in.

    All of them, and not messages alone: reading a history costs too, and a compaction by hand more.
    """

    @app.before_request
    def count() -> None:
        if request.path.startswith("/v1/"):
            limits.take_request(access.tenant())


def _openly(limit: str, check: Callable[[], T]) -> T | None:
    try:
        return check()
    except StoreUnavailable as error:
        metrics.UNCHECKED.labels(limit).inc()
        log.debug("limits not checked: %s", error)
        return None
