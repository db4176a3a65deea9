"""What happens around the processes: clients send, send again and cancel; the sweep looks; time passes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.model import turn_scripts as turns
from tests.model.compaction_scripts import restore
from tests.model.processes import Move
from tests.model.rules import Rules
from tests.model.state import ORPHAN, Store


def surrounding_moves(rules: Rules, store: Store) -> Iterator[Move]:
    """Give what may happen to a session without any process that works on it."""
    yield from _clients(rules, store)
    yield from _sweep(rules, store)
    if rules.restores:
        yield Move("restore", False, restore(rules, store), None)
    if store.lock and rules.lock_expires:
        # That of a holder who lives is renewed in time, unless that is paused: nothing to count on.
        yield Move("the lease runs out", store.lock == ORPHAN, turns.expire(store), None)
    if store.due and not rules.index_outlives_its_sessions:
        yield Move("the index expires", False, store._replace(due=False), None)
    if not store.lock and not rules.copies_come_in_time:
        for result in turns.claim(rules, store, ORPHAN):
            yield Move(f"claim: {result.answer}, a late copy", False, result.store, None)


def _clients(rules: Rules, store: Store) -> Iterator[Move]:
    # Messages differ in nothing but their order of acceptance, so they are sent in one order only.
    sent = sum(bool(reply.status) for reply in store.replies)
    for message in range(min(sent + 1, len(store.replies))):
        again = ", sent again" if message < sent else ""
        for result in turns.submit(rules, store, message):
            name = f"submit: {turns.named(message)}{again}"
            yield Move(name, False, result.store, None, ring=result.ring)
    for message in range(sent):
        result = turns.cancel(rules, store, message)
        yield Move(f"cancel: {turns.named(message)}", False, result.store, None, ring=result.ring)


def _sweep(rules: Rules, store: Store) -> Iterator[Move]:
    """sweep.lua, an index at a time; an entry is overdue as soon as it is there."""
    if store.due:
        after = store._replace(due=rules.sweep_puts_off)
        yield Move("sweep: a turn is overdue", True, after, None, ring=rules.sweep_rings)
    if store.compactions:
        after = store._replace(compactions=rules.sweep_puts_off)
        yield Move("sweep: a compaction is overdue", True, after, None, ring_compaction=rules.sweep_rings)
