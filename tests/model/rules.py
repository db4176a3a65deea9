"""The rules of the protocol that the model can be made to break, one or several at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What the scripts take care of. All true: the protocol as it is."""

    # submit.lua, parts/turn.lua, sweep.lua: somebody looks at the session again
    submit_indexes_due: bool = True
    release_minds_the_inbox: bool = True
    sweep_puts_off: bool = True
    sweep_rings: bool = True
    index_outlives_its_sessions: bool = True
    # claim.lua, parts/turn.lua: one holder, for a while, and not without end
    claim_leaves_a_held_lock: bool = True
    lock_expires: bool = True
    attempts_are_bounded: bool = True
    poisoned_turn_gets_its_end: bool = True
    poisoned_turn_is_nobodys: bool = True
    # commit.lua, fail.lua, cancel.lua: who writes proves it, and writes once
    commit_checks_token: bool = True
    commit_checks_head: bool = True
    commit_checks_last: bool = True
    commit_knows_its_own: bool = True
    fail_checks_token: bool = True
    snooze_checks_token: bool = True
    cancel_takes_the_lock: bool = True
    # parts/offer.lua and who applies an offer
    changes_check_watermark: bool = True
    offer_is_taken_away: bool = True
    release_applies_the_offer: bool = True
    begin_compaction_leaves_a_holders_offer: bool = True
    # write_back.lua, begin_compaction.lua, end_compaction.lua
    write_back_checks_token: bool = True
    write_back_offers_to_a_holder: bool = True
    write_back_knows_its_own: bool = True
    commit_indexes_compactions: bool = True
    refusal_is_indexed: bool = True
    # restore.lua: not while somebody holds the session
    restore_leaves_a_held_session: bool = True
    # Whether anybody restores at all: it multiplies the states.
    restores: bool = False
    # A compaction that comes due behind another one is left to the next turn's commit. Not a guard but a
    # choice: without it, commit notes it and the end of the other one puts it into the index.
    next_turn_tells: bool = True
    # Redis has run a call's every copy by the time that its caller goes on. Not in the scripts' hands:
    # without it, a copy of a claim may come at any time, whoever sent it.
    copies_come_in_time: bool = True
