"""The work that waits in the whole deployment: how much of it, and for how long. No session is named."""

from __future__ import annotations

import msgspec

from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.scripts import script

# Looked at in all shards together: those that nobody has looked at for longest. Counts of sessions are exact.
_SESSIONS = 6400


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What waits at the moment. Ages are seconds, None where nothing waits.

    `sessions` have replies that have not ended, `locked` of them have one in work; `replies` and
    `oldest_reply` are of all of these. `compactions` are due or in work, the oldest since `lag`. Those that
    nobody has looked at in time have been left alone for `overdue`, and `compactions_overdue`, at most.
    """

    sessions: int = 0
    locked: int = 0
    replies: int = 0
    oldest_reply: float | None = None
    compactions: int = 0
    lag: float | None = None
    overdue: float = 0.0
    compactions_overdue: float = 0.0


def read(store: Store) -> Work:
    """Look at all shards, in one round trip.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    count = store.settings.shards
    most = max(1, _SESSIONS // count)
    shards = store.evaluate(script("read_work"), [(keys.of_shard(shard), (most,)) for shard in range(count)])
    sessions, locked, replies, waited, compactions, lags, late, compactions_late = zip(*shards, strict=True)
    return Work(
        sessions=sum(sessions),
        locked=sum(locked),
        replies=sum(replies),
        oldest_reply=_seconds(max(waited)),
        compactions=sum(compactions),
        lag=_seconds(max(lags)),
        overdue=max(late) / 1000,
        compactions_overdue=max(compactions_late) / 1000,
    )


def _seconds(ms: int) -> float | None:
    return ms / 1000 if ms >= 0 else None
