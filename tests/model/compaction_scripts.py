"""The scripts of a compaction, statement by statement as in backscroll/store/lua, over the model's store."""

from __future__ import annotations

from tests.model.rules import Rules
from tests.model.state import NOBODY, ORPHAN, Change, Store
from tests.model.turn_scripts import Result, apply, apply_offer


def begin_compaction(rules: Rules, store: Store, token: int) -> list[Result]:
    """begin_compaction.lua: take a snapshot, without the lock."""
    if not store.lock or not rules.begin_compaction_leaves_a_holders_offer:
        store = apply_offer(rules, store)
    if store.offer is not None or not store.live:
        kept = store.offer is not None and store.compactions and not rules.next_turn_tells
        return [Result("none", store._replace(compactions=kept))]
    begun = Result("snapshot", store._replace(compaction=token, compactions=True, noted=False))
    return [begun] if store.compaction in (NOBODY, token) else [begun, Result("busy", store)]


def write_back(rules: Rules, store: Store, change: Change, again: bool) -> Result:
    """write_back.lua: make the change, or leave it with the holder."""
    waiting = store.offer
    if rules.write_back_knows_its_own:
        if store.last_change == change.id:
            return Result("applied", store)
        if waiting is not None and waiting.id == change.id:
            return Result("offered", store)
    holder = store.compaction == change.id
    stale = not holder and rules.write_back_checks_token
    moved = store.watermark != change.start or (waiting is not None and waiting.start == change.start)
    if stale or (moved and rules.changes_check_watermark):
        answer = "discarded"
    elif not store.lock or not rules.write_back_offers_to_a_holder:
        store, answer = apply(rules, store, change), "applied"
    else:
        store, answer = store._replace(offer=change), "offered"
    if holder:
        store = store._replace(compaction=NOBODY, compactions=again or store.noted, noted=False)
    return Result(answer, store)


def end_compaction(rules: Rules, store: Store, token: int, reason: str) -> Result:
    """end_compaction.lua: end a compaction that changes nothing.

    `finish` has no pause: nothing is to be done. `refuse` is tried again after one, `give_back` at once.
    """
    if store.compaction != token:
        return Result(reason, store)
    pause = reason == "give_back" or (reason == "refuse" and rules.refusal_is_indexed)
    return Result(reason, store._replace(compaction=NOBODY, compactions=pause or store.noted, noted=False))


def restore(rules: Rules, store: Store) -> Store:
    """begin_restore.lua and restore.lua, one step since the second checks what the first saw."""
    if store.lock and rules.restore_leaves_a_held_session:
        return store
    store = apply_offer(rules, store)
    if not store.chapters:
        return store
    watermark = store.chapters[-1][0] - 1
    return store._replace(
        live=(*store.archive[watermark:], *store.live),
        chapters=store.chapters[:-1],
        archive=store.archive[:watermark],
        watermark=watermark,
        last_change=NOBODY,
        compaction=NOBODY,
        compactions=False,
        noted=False,
    )


def forgotten_compaction(store: Store, token: int) -> Store:
    """Give the store as it is once no compaction worker remembers `token`."""
    offer = store.offer
    if offer is not None and offer.id == token:
        offer = offer._replace(id=NOBODY)
    return store._replace(
        compaction=ORPHAN if store.compaction == token else store.compaction,
        last_change=NOBODY if store.last_change == token else store.last_change,
        offer=offer,
    )
