"""The meter: counted by many, added up, and counted once whatever is replayed."""

from __future__ import annotations

import pytest

from backscroll.errors import LeaseLost
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, keys, meter, sessions
from backscroll.store.compactions import Cost
from backscroll.store.meter import Meter, bucket
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, claim, commit
from tests.integration.conftest import ReplayingStore

COST = Cost(calls=2, input_tokens=300, output_tokens=40)
DAY = 86_400_000


@pytest.fixture
def store(own_store: Store) -> Store:
    """The meter is about a whole deployment."""
    return own_store


def turn(store: Store, session: Session, tokens: int, *, measured: bool = True) -> None:
    said = submit(store, session, Submission(parts=(Text("hello"),)))
    commit(store, claim(store, session, said.reply_id), tokens=tokens, measured=measured)


def test_a_turn_counts_by_what_it_added_to_the_context(store: Store, session: Session) -> None:
    for tokens in (100, 350, 1350):
        turn(store, session, tokens)
    found = meter.read(store)
    assert (found.turns, found.tokens) == (3, 1350)
    assert found.histogram == {bucket(100): 1, bucket(250): 1, bucket(1000): 1}


def test_a_turn_counts_only_where_the_model_counted_before_and_after_it(
    store: Store, session: Session
) -> None:
    turn(store, session, 100)
    turn(store, session, 900, measured=False)
    turn(store, session, 1000)
    assert meter.read(store).tokens == 100
    turn(store, session, 1100)
    assert meter.read(store).tokens == 200
    bring(store, begin(store, session, "c"), 4)
    turn(store, session, 1300)
    assert meter.read(store).tokens == 200, "what a chapter saves is an estimate"
    turn(store, session, 1350)
    assert meter.read(store).tokens == 250
    turn(store, session, 1200)
    assert meter.read(store).turns == 3, "no turn makes a context smaller: something was left out"


def test_what_all_shards_counted_is_one(store: Store) -> None:
    several = [Session("tests", f"s{number}") for number in range(20)]
    assert len({session.shard(store.settings.shards) for session in several}) > 10
    for session in several:
        turn(store, session, 100)
        turn(store, session, 300)
    found = meter.read(store)
    assert (found.turns, found.tokens) == (40, 6000)
    assert found.histogram == {bucket(100): 20, bucket(200): 20}


@pytest.mark.parametrize("kind", [Store, ReplayingStore])
def test_turns_and_compactions_count_once_also_where_every_call_is_replayed(
    store: Store, session: Session, kind: type[Store]
) -> None:
    worker = kind(store.settings)
    turn(worker, session, 100)
    turn(worker, session, 300)
    compactions.refuse(worker, begin(worker, session, "a"), "empty", 1, COST)
    bring(worker, begin(worker, session, "b"), 2, cost=COST)
    late = begin(worker, session, "c")
    store.client.hset(keys.of_session(session, store.settings.shards)[0], "compaction_until", 0)
    submit(store, session, Submission(parts=(Text("and now?"),)))
    offered_during = claim(store, session, "t")
    assert bring(worker, begin(worker, session, "d"), 4, cost=COST) == "offered"
    assert bring(worker, late, 4, cost=COST) == "discarded"
    commit(worker, offered_during, tokens=310, measured=True)
    worker.close()

    assert meter.read(store) == Meter(
        turns=2,
        tokens=300,
        histogram={bucket(100): 1, bucket(200): 1},
        compactions=2,
        discarded=1,
        refused={"empty": 1},
        summary_calls=8,
        summary_input_tokens=1200,
        summary_output_tokens=160,
        tokens_saved=14,
    )
    state = sessions.state(store, session)
    assert state.summaries == Cost(calls=8, input_tokens=1200, output_tokens=160)
    assert (state.compactions, state.discarded, state.refused) == (2, 1, {"empty": 1})
    assert state.tokens_saved == 14


def test_what_a_late_worker_brings_counts_nowhere(store: Store, session: Session) -> None:
    said = submit(store, session, Submission(parts=(Text("hello"),)))
    late = claim(store, session, said.reply_id)
    sessions.delete(store, session)
    with pytest.raises(LeaseLost):
        commit(store, late, tokens=100, measured=True)
    assert meter.read(store) == Meter()


def test_the_meter_outlives_the_sessions_and_ends_ninety_days_after_the_last_turn(
    store: Store, session: Session
) -> None:
    key = keys.meter(session.shard(store.settings.shards))
    turn(store, session, 100)
    store.client.pexpire(key, DAY)
    turn(store, session, 200)
    assert 89 * DAY < store.client.pttl(key) <= 90 * DAY
    store.client.pexpire(key, DAY)
    bring(store, begin(store, session, "c"), 2)
    assert 89 * DAY < store.client.pttl(key) <= 90 * DAY
    sessions.delete(store, session)
    left = [name.decode() for name in store.client.scan_iter("*") if b":deleted:" not in name]
    assert left == [key]
    assert meter.read(store).turns == 2
