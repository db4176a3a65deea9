"""How many requests a tenant makes in a minute: counted in Redis, for all web processes together."""

from __future__ import annotations

import logging
import time
from functools import cached_property

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisClusterStorage, RedisStorage, Storage
from limits.strategies import SlidingWindowCounterRateLimiter

from backscroll import metrics
from backscroll.errors import RateLimited, StoreUnavailable
from backscroll.store import keys
from backscroll.store.connecting import One
from backscroll.store.redis import Store

log = logging.getLogger(__name__)


class RequestRate:
    """At most `most` requests of a tenant in any minute; while Redis is down, of each process."""

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._most = most
        self._item = RateLimitItemPerMinute(most)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())

    @cached_property
    def _shared(self) -> SlidingWindowCounterRateLimiter:
        """Count by two counters a tenant, weighted: what is kept does not grow with the limit."""
        return SlidingWindowCounterRateLimiter(_storage(self._store))

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


def _storage(store: Store) -> Storage:
    """Give the library the store's own connections, with its timeouts; made at the first request.

    A Cluster's client talks to it when it is made, which a process must not wait for at its start.
    """
    if isinstance(store.servers, One):
        pool = store.servers.client.connection_pool
        return RedisStorage("redis://", connection_pool=pool, key_prefix=keys.LIMITS)
    return _OfCluster(store)


class _OfCluster(RedisClusterStorage):
    """The library's storage on a Cluster, which would have connections of its own."""

    def __init__(self, store: Store) -> None:
        self.key_prefix = keys.LIMITS
        self.target_server = "redis"
        self.dependency = self.dependencies["redis"].module
        self.storage = store.client
        self.initialize_storage("redis+cluster://")
        super(RedisStorage, self).__init__("redis+cluster://")
