"""What a tenant may have at a time and in a day: its sessions, and the model's tokens.

A tenant's sessions lie in many slots of a Cluster, and what is counted of them lies in one of its own: no
script can take both. So it is counted beside the sessions, and forgives: a session has its place from its
first message, for its time to live from its last one; what expires or is deleted gives its place back.
"""

from __future__ import annotations

import logging
from typing import Any

from backscroll import metrics
from backscroll.errors import StoreUnavailable, TokensSpent, TooManySessions
from backscroll.messages.message import Usage
from backscroll.session import Session
from backscroll.settings import AccessSettings
from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.scripts import script

log = logging.getLogger(__name__)


def admit_message(store: Store, limits: AccessSettings, session: Session) -> str:
    """Let the tenant say something in `session`, which has its place from here on.

    Asks nobody where there is no limit, as all of these do.

    Returns:
        The place, where it is a new one, for `leave` when the message is refused; else ''.

    Raises:
        TooManySessions: when the tenant has as many as it may, and this is none of them.
        TokensSpent: when there are no tokens left for today.
        StoreUnavailable: when Redis does not serve.
    """
    if limits.tenant_sessions or limits.tenant_tokens:
        return _admit(store, limits, session, limits.tenant_tokens, "")
    return ""


def admit_settings(store: Store, limits: AccessSettings, session: Session, ttl: float | None) -> None:
    """Let the tenant set up `session`, which costs no tokens.

    Args:
        store: where it is counted.
        limits: what a tenant may have.
        session: it has its place from here on.
        ttl: its own time to live from here on, in seconds, if it has one.

    Raises:
        TooManySessions: when the tenant has as many as it may, and this is none of them.
        StoreUnavailable: when Redis does not serve.
    """
    if limits.tenant_sessions:
        _admit(store, limits, session, 0, int((ttl or 0) * 1000))


def _admit(store: Store, limits: AccessSettings, session: Session, tokens: int, own: int | str) -> str:
    taken = [keys.of_tenant(session.tenant, name) for name in ("sessions", "ttls", "tokens")]
    default = int(store.settings.session_ttl * 1000)
    args = (session.id, limits.tenant_sessions, tokens, default, own)
    ((state, *rest),) = store.evaluate(script("admit"), [(taken, args)])
    if state == b"full":
        raise TooManySessions(
            f"there are {limits.tenant_sessions:,} sessions, no more may be begun before one is deleted or "
            "expires",
            delay=rest[0] / 1000,
        )
    if state == b"spent":
        raise _spent(limits, rest[0])
    place: str = rest[0].decode()
    return place


def spare_tokens(store: Store, limits: AccessSettings, tenant: str) -> None:
    """Return when `tenant` has tokens left for today.

    Raises:
        TokensSpent: when there are none.
        StoreUnavailable: when Redis does not serve.
    """
    if not limits.tenant_tokens:
        return
    key = keys.of_tenant(tenant, "tokens")
    spent, left = store.call(lambda: _spent_and_left(store, key), reads=True)
    if int(spent or 0) >= limits.tenant_tokens:
        raise _spent(limits, max(left, 1))


def _spent_and_left(store: Store, key: str) -> list[Any]:
    return store.servers.pipelined([(key, ("GET", key)), (key, ("PTTL", key))])


def leave(store: Store, limits: AccessSettings, session: Session, place: str = "") -> None:
    """Give back the place of a session that was deleted, or of one that a refused message did not begin.

    Args:
        store: where it is counted.
        limits: where there is no limit, nothing is.
        session: whose place.
        place: as `admit_message` gave it: it is kept if anybody else was admitted in the session since.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    if limits.tenant_sessions:
        taken = [keys.of_tenant(session.tenant, name) for name in ("sessions", "ttls")]
        store.evaluate(script("leave"), [(taken, (session.id, place))])


def spend(store: Store, limits: AccessSettings, tenant: str, what: str, tokens: int) -> None:
    """Count tokens that a model took for `tenant`; what cannot be counted is not, and logged.

    Args:
        store: where it is counted.
        limits: where there is no limit, nothing is counted.
        tenant: whose.
        what: names the turn or compaction, which is counted once.
        tokens: read and written.
    """
    if not limits.tenant_tokens or not tokens:
        return
    taken = [keys.of_tenant(tenant, "tokens"), keys.of_tenant(tenant, f"counted:{what}")]
    try:
        store.evaluate(script("spend"), [(taken, (tokens,))])
    except StoreUnavailable as error:
        metrics.UNCHECKED.labels("tokens").inc()
        log.warning("tokens not counted: what=%s tokens=%d: %s", what, tokens, error)


def tokens_of(usage: Usage) -> int:
    """Give the tokens that a turn took, as the model counted them."""
    total = (usage.prompt_tokens or 0) + (usage.output_tokens or 0) + (usage.thought_tokens or 0)
    return usage.total_tokens or total


def _spent(limits: AccessSettings, left: int) -> TokensSpent:
    said = f"the {limits.tenant_tokens:,} tokens of today are spent; there are more at midnight, UTC"
    return TokensSpent(said, delay=left / 1000)
