"""What a process remembers of sessions: need not be told again, and is never other than what is stored."""

from __future__ import annotations

from random import Random
from secrets import token_hex

import pytest
import redis as redis_py

from backscroll.answering.lease import Lease, Leases
from backscroll.session import Session
from backscroll.store import keys, sessions, turns
from backscroll.store.memory import Memory, Remembered
from backscroll.store.redis import Store
from backscroll.store.restore import restore
from tests.integration.acting import bring, claim, commit, merged
from tests.integration.remembering import (
    Heard,
    compact,
    is_what_is_stored,
    noted,
    recovered,
    say,
    snapshot_of,
    take_up,
    turn_of,
)
from tests.stack.conditions import until


@pytest.mark.parametrize("seed", range(12))
def test_a_turn_has_the_context_that_is_stored_whoever_worked_on_the_session_before(
    workers: tuple[Heard, Heard], session: Session, seed: int
) -> None:
    random = Random(seed)
    for _ in range(60):
        worker = random.choice(workers)
        match random.randrange(9):
            case 0 | 1:
                turn_of(worker, session)
            case 2:
                say(worker, session)
                say(worker, session)
                compact(random.choice(workers), session, random)
                first = take_up(worker, session)
                compact(random.choice(workers), session, random)  # offered: applied between the two
                second = commit(worker, first, token_hex(8), go_on=True).next_turn
                assert second is not None
                is_what_is_stored(worker, second)
                commit(worker, second)
            case 3:
                say(worker, session)
                error = turns.ReplyError("blocked", "no", retryable=False)
                turns.fail(worker, take_up(worker, session), error, go_on=False, ceiling=1000)
            case 4 | 5:
                turn_of(worker, session)
                compact(worker, session, random)
            case 6:
                turn_of(worker, session)
                restore(worker, session, budget=100_000)
            case 7:
                recovered(worker, session)
            case 8 if random.random() < 0.3:
                turn_of(worker, session)
                sessions.delete(worker, session)


def test_what_a_process_knows_is_not_told_again(workers: tuple[Heard, Heard], session: Session) -> None:
    one, other = workers
    for _ in range(6):
        turn_of(one, session)
    compact(one, session, Random(1))
    turn_of(one, session)
    say(one, session)
    turn = claim(one, session, "again")
    _, _, _, _, (_, (_, _, chapters, _, ledger), known, messages) = one.said[-1]
    assert (chapters, ledger, known, messages) == (None, None, turn.context.last, [])
    is_what_is_stored(one, turn)
    commit(one, turn)
    turn_of(other, session)
    say(one, session)
    claim(one, session, "and again")
    assert len(one.said[-1][4][-1]) == 2, "the other's turn is told, and nothing else"


def test_of_chapters_that_are_known_only_the_new_one_is_told(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    for _ in range(4):
        for _ in range(4):
            turn_of(workers[0], session)
        compact(workers[1], session, Random(2))
    say(workers[0], session)
    turn = take_up(workers[0], session)
    (told,) = [said for said in workers[0].said if said[0] == b"turn"][-1:]
    _, kept, chapters, changed, _ = told[4][1]
    assert (kept, len(chapters), changed, len(turn.context.chapters)) == ([0, 0], 1, 1, 4)


def test_of_chapters_that_were_merged_the_one_that_they_became_is_told(
    workers: tuple[Heard, Heard], store: Store, session: Session
) -> None:
    for number in range(5):
        for _ in range(2):
            turn_of(workers[0], session)
        snapshot = snapshot_of(workers[1], session)
        assert snapshot is not None
        merge = merged(snapshot, 1, 2) if number == 4 else None
        bring(workers[1], snapshot, snapshot.watermark + 2, ledger=noted(number), merge=merge)
    say(workers[0], session)
    turn = take_up(workers[0], session)
    _, kept, chapters, changed, _ = workers[0].said[-2][4][1]
    assert (kept, len(chapters), changed, len(turn.context.chapters)) == ([1, 2], 2, 1, 4)
    assert snapshot_of(workers[1], session) is not None
    assert workers[1].said[-1][2][1:] == [None, None, 0, None], "who made the change knows it"


def test_a_version_that_tells_no_change_of_the_ledger_is_asked_for_all_of_it(
    workers: tuple[Heard, Heard], store: Store, redis: redis_py.Redis, session: Session
) -> None:
    for _ in range(4):
        turn_of(workers[0], session)
    snapshot = snapshot_of(store, session)
    assert snapshot is not None
    bring(store, snapshot, 2, ledger=noted(2))
    redis.hset(keys.of_session(session, store.settings.shards)[0], "ledger_change", "")
    say(workers[0], session)
    take_up(workers[0], session)


def test_a_version_that_notes_nothing_of_its_changes_is_believed_all_the_same(
    workers: tuple[Heard, Heard], store: Store, redis: redis_py.Redis, session: Session
) -> None:
    for _ in range(4):
        turn_of(workers[0], session)
    compact(store, session, Random(1))
    turn_of(workers[0], session)
    before = redis.hget(keys.of_session(session, store.settings.shards)[0], "made")
    for _ in range(2):
        compact(store, session, Random(1))
    redis.hset(keys.of_session(session, store.settings.shards)[0], "made", before or b"")
    turn_of(workers[0], session)


def test_a_redis_that_went_back_in_time_is_believed(
    workers: tuple[Heard, Heard], store: Store, redis: redis_py.Redis, session: Session
) -> None:
    one, other = workers
    turn_of(one, session)
    before = {key: redis.dump(key) for key in redis.scan_iter(f"*{session}:*")}
    turn_of(one, session)
    compact(store, session, Random(1))
    turn_of(one, session)
    redis.delete(*redis.scan_iter(f"*{session}:*"))
    for key, value in before.items():
        redis.restore(key, 600_000, value)
    turn_of(other, session)
    compact(other, session, Random(2))
    turn_of(other, session)
    turn_of(one, session)


def test_a_session_of_the_same_name_is_another_one_also_while_a_reply_of_the_first_is_there(
    workers: tuple[Heard, Heard], redis: redis_py.Redis, session: Session
) -> None:
    """A reply lives as long as its idempotency key, and a session may live shorter."""
    one, other = workers
    turn_of(one, session)
    redis.delete(*keys.of_session(session, one.settings.shards)[:10])
    turn_of(other, session)
    turn_of(one, session)


def test_messages_that_nobody_compacts_are_not_remembered_without_limit(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    for _ in range(3):
        say(workers[0], session)
        commit(
            workers[0], claim(workers[0], session, token_hex(16)), "x" * 2000
        )  # the ceiling is 1000 tokens
    assert workers[0].memory.of(session).messages == ()


def test_a_deleted_session_is_forgotten_at_once(store: Store, session: Session) -> None:
    leases = Leases(store)
    lease = Lease(session)
    with leases.keep(lease):
        say(store, session)
        commit(store, claim(store, session, lease.token))
        assert store.memory.of(session).version
        until("it listens", lambda: store.client.pubsub_numsub(keys.DROPPED)[0][1] > 0)
        sessions.delete(store, session)
        until("it has forgotten", lambda: not store.memory.of(session).version)
    leases.close()


def test_a_memory_is_limited_in_sessions_in_bytes_and_in_time() -> None:
    one, two, three = (Session("t", name) for name in "abc")
    few, small, short = Memory(sessions=2), Memory(size=25), Memory(life=0)
    for memory in (few, small, short):
        for session in (one, two, one, three):
            memory.note(session, Remembered(version="1 a", stored=(4, 6)))
    for memory in (few, small):
        assert [bool(memory.of(session).version) for session in (one, two, three)] == [True, False, True]
    assert not short.of(three).version


def test_what_is_remembered_is_forgotten_in_time_also_where_nobody_asks() -> None:
    memory = Memory(life=0.05)
    memory.note(Session("t", "a"), Remembered(version="1 a"))
    until("it is forgotten", lambda: not memory._found)
