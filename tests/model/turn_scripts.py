"""The scripts of a turn, statement by statement as in backscroll/store/lua, over the model's store."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.model.rules import Rules
from tests.model.state import NOBODY, ORPHAN, TERMINAL, Change, Reply, Store, Turn, forgotten

MAX_ATTEMPTS = 2
TRIGGER_TURNS = 1


class Result(NamedTuple):
    """What a script returned, what it left in Redis, and which bells its caller is to ring."""

    answer: str
    store: Store
    ring: bool = False
    ring_compaction: bool = False


Ending = Callable[[Rules, Store, int, int, int, bool], Result]


def named(message: int) -> str:
    """Name a message in the order of acceptance: A, B, C…"""
    return chr(ord("A") + message)


def status(message: int) -> str:
    """Tell how the answer to a message ends: each second one is cut off, and kept all the same."""
    return "incomplete" if message % 2 else "completed"


def due(store: Store) -> bool:
    """Tell whether the live turns make a compaction due, as the plan does."""
    return len(store.live) > TRIGGER_TURNS


def submit(rules: Rules, store: Store, message: int) -> list[Result]:
    """submit.lua: accept a message, or find that it was accepted before."""
    if not store.replies[message].status:
        store = _with(store, message, Reply("queued"))._replace(inbox=(*store.inbox, message))
    if message not in store.inbox or store.lock:
        return [Result("accepted", store)]
    indexed = store._replace(due=store.due or rules.submit_indexes_due)
    rung = Result("accepted", indexed, ring=True)
    return [rung, Result("accepted", store)] if store.due else [rung]


def claim(rules: Rules, store: Store, token: int) -> list[Result]:
    """claim.lua: take the lock and the head of the inbox."""
    if store.lock not in (NOBODY, token) and rules.claim_leaves_a_held_lock:
        return [Result("busy", store)]
    if not store.asleep:
        return [_begin(rules, store, token)]
    awake = _begin(rules, store._replace(asleep=False), token)
    return [awake, Result("asleep", store._replace(due=True))]


def renew(store: Store, token: int) -> Result:
    """renew.lua: lengthen the lease."""
    if store.lock != token:
        return Result("lost", store)
    return Result("ours", store._replace(due=True))


def commit(rules: Rules, store: Store, token: int, message: int, last: int, go_on: bool) -> Result:
    """commit.lua: write the turn, then begin the next one or let go."""
    reply = store.replies[message]
    ring_compaction = False
    if not (rules.commit_knows_its_own and reply.status == status(message) and reply.token == token):
        ours = store.lock == token or not rules.commit_checks_token
        head = store.inbox[:1] == (message,) or not rules.commit_checks_head
        if not ours or not head or (store.last != last and rules.commit_checks_last):
            return Result("lost", store)
        store = store._replace(live=(*store.live, Turn(last + 1, named(message))), last=last + 1)
        store = _end_reply(store, message, status(message), token)
        if due(store):
            ring_compaction = store.offer is None and not store.compactions
            noted = not rules.next_turn_tells
            indexed = (ring_compaction and rules.commit_indexes_compactions) or noted
            store = store._replace(compactions=store.compactions or indexed, noted=noted)
    if store.lock != token:
        return Result("released", store, ring_compaction=ring_compaction)
    return _hand_over(rules, store, token, go_on)._replace(ring_compaction=ring_compaction)


def fail(rules: Rules, store: Store, token: int, message: int, _last: int, go_on: bool) -> Result:
    """fail.lua: end the turn without a message."""
    reply = store.replies[message]
    if not (reply.status == "failed" and reply.token == token):
        ours = store.lock == token or not rules.fail_checks_token
        if not ours or store.inbox[:1] != (message,):
            return Result("lost", store)
        store = _end_reply(store, message, "failed", token)
    if store.lock != token:
        return Result("released", store)
    return _hand_over(rules, store, token, go_on)


def snooze(rules: Rules, store: Store, token: int, message: int, _last: int, pause: bool) -> Result:
    """snooze.lua: give the session back, for a `pause` that the model asked for or at once."""
    ours = store.lock == token or not rules.snooze_checks_token
    if not ours or store.inbox[:1] != (message,):
        return Result("lost", store)
    attempts = store.replies[message].attempts - 1
    store = _with(store, message, Reply("queued", NOBODY, attempts))
    store = _let_go(rules, store)._replace(lock=NOBODY, asleep=pause, due=True)
    return Result("done", store, ring=not pause)


def cancel(rules: Rules, store: Store, message: int) -> Result:
    """cancel.lua: end a reply that is not wanted any more."""
    reply = store.replies[message]
    if not reply.status or reply.status in TERMINAL:
        return Result("missing or ended", store)
    store = _end_reply(store, message, "cancelled", NOBODY)
    if reply.status == "in_progress" and store.lock == reply.token and rules.cancel_takes_the_lock:
        store, ring = _release(rules, _let_go(rules, store))
        return Result("cancelled", store, ring)
    return Result("cancelled", store)


def expire(store: Store) -> Store:
    """Let the lock's key run out, and forget a token that nobody can show any more."""
    return forgotten(store._replace(lock=NOBODY), ORPHAN)


def apply(rules: Rules, store: Store, change: Change) -> Store:
    """parts/offer.lua: make a change, if the watermark is still the one it was computed from."""
    if store.watermark != change.start and rules.changes_check_watermark:
        return store
    return store._replace(
        live=store.live[change.to - change.start :],
        chapters=(*store.chapters, (change.start + 1, change.to)),
        archive=(*store.archive, *change.turns),
        watermark=change.to,
        last_change=change.id,
    )


def apply_offer(rules: Rules, store: Store) -> Store:
    """parts/offer.lua: make the change that waits, if there is one."""
    if store.offer is None:
        return store
    return apply(rules, store._replace(offer=None) if rules.offer_is_taken_away else store, store.offer)


def _let_go(rules: Rules, store: Store) -> Store:
    return apply_offer(rules, store) if rules.release_applies_the_offer else store


def _release(rules: Rules, store: Store) -> tuple[Store, bool]:
    waits = bool(store.inbox) and rules.release_minds_the_inbox
    return store._replace(lock=NOBODY, due=waits), waits


def _begin(rules: Rules, store: Store, token: int) -> Result:
    store = apply_offer(rules, store)
    while store.inbox:
        message = store.inbox[0]
        reply = store.replies[message]
        mine = reply.status == "in_progress" and reply.token == token
        if not mine and reply.attempts >= MAX_ATTEMPTS and rules.attempts_are_bounded:
            if not rules.poisoned_turn_gets_its_end:
                store = store._replace(inbox=store.inbox[1:])
                continue
            last_holder = NOBODY if rules.poisoned_turn_is_nobodys else reply.token
            store = _end_reply(store, message, "failed", last_holder)
            continue
        if not mine:
            store = _with(store, message, Reply("in_progress", token, reply.attempts + 1))
        return Result("turn", store._replace(lock=token, due=True))
    return Result("idle", _release(rules, store)[0])


def _hand_over(rules: Rules, store: Store, token: int, go_on: bool) -> Result:
    if go_on:
        return _begin(rules, store, token)
    store, ring = _release(rules, _let_go(rules, store))
    return Result("released", store, ring)


def _end_reply(store: Store, message: int, status: str, token: int) -> Store:
    # How often an ended turn was tried makes no difference any more, and would only multiply the states.
    inbox = tuple(waiting for waiting in store.inbox if waiting != message)
    return _with(store, message, Reply(status, token))._replace(inbox=inbox)


def _with(store: Store, message: int, reply: Reply) -> Store:
    replies = store.replies
    return store._replace(replies=(*replies[:message], reply, *replies[message + 1 :]))
