"""How many requests a tenant makes in a minute: counted in Redis, for all web processes together."""

from __future__ import annotations

import logging
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from backscroll import metrics
from backscroll.errors import RateLimited, StoreUnavailable
from backscroll.store import keys
from backscroll.store.redis import Store

log = logging.getLogger(__name__)


class RequestRate:
    """At most `most` requests of a tenant in any minute; while Redis is down, of each process."""

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._most = most
        self._item = RateLimitItemPerMinute(most)
        # The store's own connections, with its timeouts. Two counters a tenant, weighted, and not a list of
        # all requests of the last minute: what is kept does not grow with the limit.
        shared = RedisStorage(
            "redis://",
            connection_pool=store.client.connection_pool,
            key_prefix=keys.LIMITS,
        )
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, tenant: str) -> None:
        """Count a request.

        Raises:
            RateLimited: when it was one too many; it does not count then.
        """
        delay = self._count_in_redis(tenant)
        if delay is None:
            metrics.UNCHECKED.labels("requests").inc()
            delay = self._count(self._local, tenant)
        if delay:
            raise RateLimited(f"more than {self._most:,} requests in a minute", delay=delay)

    def _count_in_redis(self, tenant: str) -> float | None:
        """Count a request as `_count` does; None where Redis does not serve."""
        try:
            return self._store.call(lambda: self._count(self._shared, tenant), reads=False)
        except StoreUnavailable as error:
            log.debug("requests are counted in this process alone: %s", error)
            return None

    def _count(self, limiter: SlidingWindowCounterRateLimiter, tenant: str) -> float:
        """Count a request, and give 0; or give the seconds until there is room for it."""
        if limiter.hit(self._item, tenant):
            return 0.0
        return max(limiter.get_window_stats(self._item, tenant).reset_time - time.time(), 1.0)
