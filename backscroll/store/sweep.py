"""The sweep: whatever should have been looked at by now, in all shards, in one round trip.

Any worker may sweep. One does at a time, because a sweep that finds nothing is the common case and
need not be paid twice; when that one dies, its claim to it runs out within three intervals.
"""

from __future__ import annotations

import msgspec

from backscroll.session import Session
from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.scripts import script

_SESSIONS_A_SHARD = 100


class Overdue(msgspec.Struct, frozen=True):
    """Sessions whose turns, and sessions whose compactions, nobody has looked at in time."""

    turns: tuple[Session, ...]
    compactions: tuple[Session, ...]


def sweep(store: Store, sweeper: str, *, interval: float) -> Overdue | None:
    """Find what is overdue, and put it off by the grace of the doorbell that is rung for it now.

    Args:
        store: where.
        sweeper: a name for this process that no other has.
        interval: seconds between two sweeps.

    Returns:
        What is overdue, or None when another process sweeps at the moment.

    Raises:
        StoreUnavailable: when Redis does not serve. What was put off by then is found after the grace.
    """
    if not store.call(lambda: _is_ours(store, sweeper, int(interval * 3000)), reads=False):
        return None
    grace = int(store.settings.ring_grace * 1000)
    found = store.evaluate(
        script("sweep"),
        [(keys.of_shard(shard), (grace, _SESSIONS_A_SHARD)) for shard in range(store.settings.shards)],
    )
    return Overdue(
        turns=tuple(Session.parse(name.decode()) for turns, _ in found for name in turns),
        compactions=tuple(Session.parse(name.decode()) for _, compactions in found for name in compactions),
    )


def _is_ours(store: Store, sweeper: str, lifetime: int) -> bool:
    """Claim the sweep for `lifetime` ms, unless somebody else has."""
    if store.client.set(keys.SWEEPER, sweeper, nx=True, px=lifetime):
        return True
    if store.client.get(keys.SWEEPER) != sweeper.encode():
        return False
    store.client.pexpire(keys.SWEEPER, lifetime)
    return True
