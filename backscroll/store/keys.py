"""Every Redis key and its lifetime.

All keys of a session share its shard's hash tag and so lie in one slot of a Cluster:
`bs:{shard}:tenant/session:…`. Each expires `SESSION_TTL`, or what the session has in its place, after the
last access to the session, and no sooner than in two days while any reply waits or is in work. Accesses that
follow each other within a ten-thousandth of that, in a week a minute, count as the first of them. Except:

    lock              after its lease
    reply:<id>        after the last access to the reply itself, and not before its idempotency key; nobody
                      can read it any more once its session is gone
    idem:<key>        after 24 hours; of no effect once its session is gone
    events:<id>       an hour after its last event, or with the session where that is sooner; what lasts
                      of them is in the reply
    due, compactions  a shard's own: an hour after the longest time to live of a session that was put there
    meter             a shard's own: 90 days after the last turn or compaction that was counted in it
    deleted:<digest>  a shard's own: after SESSION_TTL, two days at least. When the session of which this is
                      the digest was deleted, so that no turn that waits in a spool begins it anew
    bs:{tenant/NAME}:…  a tenant's own, and only where it has limits; a slash is in no name of a shard
        sessions      after the longest time to live of a session that has a place in it
        ttls          like sessions, whose own times to live it holds
        tokens        at midnight, UTC
        counted:<id>  after a minute: the turn or compaction was counted in tokens
    bs:limits:…       after two minutes: requests that a tenant made, counted by the library `limits`
    bs:sweeper        after three sweep intervals: the worker that sweeps at the moment
    bs:roll           15 s after the last signature: the workers that are there
"""

from __future__ import annotations

from functools import lru_cache

from backscroll.session import Session

PREFIX = "bs:"
# Pub/sub, so no keys: the ids of replies as they end, and, with a process's name behind, the replies that it
# waits for; the names of sessions whose turn in work was cancelled or deleted; calls to a process's listener.
ENDED = PREFIX + "ended"
DROPPED = PREFIX + "dropped"
CALLS = PREFIX + "calls:"
SWEEPER = PREFIX + "sweeper"
ROLL = PREFIX + "roll"
LIMITS = PREFIX + "limits"

# In the order in which the scripts take them (lua/parts/session.lua).
_OF_SESSION = ("meta", "live", "chapters", "ledger", "archive", "inbox", "lock", "offer", "replies", "media")


def of_shard(shard: int) -> tuple[str, str]:
    """Give a shard's indexes: sessions with turns due, and sessions with a compaction due."""
    tag = f"{PREFIX}{{{shard}}}:"
    return tag + "due", tag + "compactions"


def meter(shard: int) -> str:
    """Give the key under which a shard counts its turns, compactions and their tokens."""
    return f"{PREFIX}{{{shard}}}:meter"


def of_tenant(tenant: str, name: str) -> str:
    """Give one of the keys in which a tenant's sessions and tokens are counted; all lie in one slot."""
    return f"{PREFIX}{{tenant/{tenant}}}:{name}"


@lru_cache(maxsize=4096)
def of_session(session: Session, shards: int) -> tuple[str, ...]:
    """Give the keys that every script about a session takes, in its order."""
    shard = session.shard(shards)
    base = f"{PREFIX}{{{shard}}}:{session}:"
    return (*(base + name for name in _OF_SESSION), *of_shard(shard), meter(shard))


def events(session: Session, shards: int, reply_id: str) -> str:
    """Give the key of a reply's events, which is also the channel on which they are told."""
    return f"{PREFIX}{{{session.shard(shards)}}}:{session}:events:{reply_id}"


def idempotency(session: Session, shards: int, digest: str) -> str:
    """Give the key that remembers which reply an idempotency key got."""
    return f"{PREFIX}{{{session.shard(shards)}}}:{session}:idem:{digest}"
