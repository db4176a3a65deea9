"""What a process remembers of sessions: need not be told again, and is never other than what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from secrets import token_hex
from typing import Any

import pytest
import redis as redis_py

from backscroll.answering.lease import Lease, Leases
from backscroll.ledger.ledger import Ledger, Said, Value
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import compactions, keys, sessions, turns
from backscroll.store.connecting import Argument
from backscroll.store.memory import Memory, Remembered
from backscroll.store.redis import Store
from backscroll.store.replies import Submission, submit
from backscroll.store.restore import restore
from backscroll.store.turns import Turn
from tests.integration.acting import bring, claim, commit, merged
from tests.stack.conditions import until


class Heard(Store):
    """Keeps what the scripts said."""

    def __init__(self, settings: StoreSettings) -> None:
        super().__init__(settings)
        self.said: list[Any] = []

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        self.said.append(super().run(name, session, *args))
        return self.said[-1]


@pytest.fixture
def workers(store: Store) -> Iterator[tuple[Heard, Heard]]:
    """Two processes that work on the same sessions."""
    found = Heard(store.settings), Heard(store.settings)
    yield found
    for each in found:
        each.close()


def noted(seq: int) -> Ledger:
    return Ledger(said=(Said(seq, "user", 1, (Value(f"value {token_hex(4)}", "name", 1, seq),)),))


def compact(store: Store, session: Session, random: Random) -> None:
    snapshot = compactions.begin(store, session, token_hex(16))
    if snapshot is None or len(snapshot.messages) < 4:
        return
    count = len(snapshot.chapters)
    merge = merged(snapshot, 0, 2) if count > 2 and random.random() < 0.5 else None
    last = snapshot.watermark + 2 * random.randint(1, len(snapshot.messages) // 2)
    ledger = noted(last) if random.random() < 0.7 else None
    bring(store, snapshot, last, ledger=ledger, merge=merge)


def take_up(worker: Store, session: Session) -> Turn:
    """Claim a turn, and see that its context is what is stored."""
    turn = claim(worker, session, token_hex(16))
    is_what_is_stored(worker, turn)
    return turn


def is_what_is_stored(worker: Store, turn: Turn) -> None:
    assert turn.context == sessions.read_context(worker, turn.session)


def say(worker: Store, session: Session) -> None:
    submit(worker, session, Submission(parts=(Text(token_hex(8)),)))


def turn_of(worker: Store, session: Session) -> None:
    say(worker, session)
    commit(worker, take_up(worker, session), token_hex(8))


@pytest.mark.parametrize("seed", range(12))
def test_a_turn_has_the_context_that_is_stored_whoever_worked_on_the_session_before(
    workers: tuple[Heard, Heard], session: Session, seed: int
) -> None:
    random = Random(seed)
    for _ in range(60):
        worker = random.choice(workers)
        match random.randrange(8):
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
            case 7 if random.random() < 0.3:
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
    _, _, _, _, (_, _, _, chapters, ledger, known, messages) = one.said[-1]
    assert (chapters, ledger, known, messages) == (None, None, turn.context.last, [])
    is_what_is_stored(one, turn)
    commit(one, turn)
    turn_of(other, session)
    say(one, session)
    claim(one, session, "and again")
    assert len(one.said[-1][4][-1]) == 2, "the other's turn is told, and nothing else"


def test_a_compaction_is_not_told_what_the_one_before_has_made(
    workers: tuple[Heard, Heard], session: Session
) -> None:
    for _ in range(6):
        turn_of(workers[0], session)
    compact(workers[1], session, Random(1))
    turn_of(workers[0], session)
    turn_of(workers[0], session)
    snapshot = compactions.begin(workers[1], session, token_hex(16))
    assert snapshot is not None
    assert workers[1].said[-1][4:6] == [None, None]
    context = sessions.read_context(workers[0], session)
    assert (snapshot.chapters, snapshot.ledger) == (context.chapters, context.ledger)


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
    assert (len(told[4][3]), len(turn.context.chapters)) == (1, 4)


def test_a_version_that_notes_nothing_of_its_changes_is_believed_all_the_same(
    workers: tuple[Heard, Heard], store: Store, redis: redis_py.Redis, session: Session
) -> None:
    for _ in range(4):
        turn_of(workers[0], session)
    compact(store, session, Random(1))
    turn_of(workers[0], session)
    before = redis.hget(keys.of_session(session, store.settings.shards)[0], "appended")
    for _ in range(2):
        compact(store, session, Random(1))
    redis.hset(keys.of_session(session, store.settings.shards)[0], "appended", before or b"")
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
