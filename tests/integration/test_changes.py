"""What a compaction changes besides the messages: the ledger, and chapters that become one."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import msgspec
import pytest
import redis as redis_py

from backscroll.ledger.ledger import Ledger, Pending, Said, Value
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import compactions, sessions
from backscroll.store.compactions import Change, Merge
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, chapter, claim, commit, merged, raw

LEDGER = Ledger(
    said=(Said(1, "user", 5, (Value("FX-7781", "code", 3, 1),)),),
    pending=(Pending(2, "model", 6, "confirmation", "Shall I book it?"),),
    dropped=2,
)


@pytest.fixture
def compacted(store: Store, session: Session, talked: Callable[[int], None]) -> None:
    """Have eight turns, of which six are in three chapters."""
    talked(8)
    for last in (4, 8, 12):
        assert bring(store, begin(store, session, f"c{last}"), last, ledger=LEDGER) == "applied"


def ranges(store: Store, session: Session) -> list[tuple[int, int, int]]:
    return [(each.first, each.last, each.level) for each in sessions.state(store, session).chapters]


def test_the_ledger_comes_with_the_change_and_is_given_to_the_next_turn_and_compaction(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    talked(4)
    snapshot = begin(store, session, "c")
    assert snapshot.ledger == Ledger()
    bring(store, snapshot, 4, ledger=LEDGER)
    submit(store, session, Submission(parts=(Text("and now?"),)))
    assert claim(store, session, "t").context.ledger == LEDGER
    assert sessions.read_context(store, session).ledger == LEDGER
    assert begin(store, session, "d").ledger == LEDGER


def test_a_ledger_that_says_the_same_stays_as_it_is_stored_to_the_byte(
    store: Store, redis: redis_py.Redis, session: Session, compacted: None
) -> None:
    key = next(key for key in redis.scan_iter(f"*{session}:ledger"))
    written = msgspec.json.decode(zlib.decompress(redis.get(key) or b""))
    newer = zlib.compress(msgspec.json.encode(written | {"mood": "calm"}))
    redis.set(key, newer, keepttl=True)
    bring(store, begin(store, session, "c"), 14)
    assert redis.get(key) == newer


def test_a_ledger_that_an_earlier_version_stored_is_read_and_written_anew(
    store: Store, redis: redis_py.Redis, session: Session, compacted: None
) -> None:
    key = next(key for key in redis.scan_iter(f"*{session}:ledger"))
    redis.set(key, zlib.decompress(redis.get(key) or b""), keepttl=True)
    assert (redis.get(key) or b"").startswith(b"{")
    snapshot = begin(store, session, "c")
    assert snapshot.ledger == LEDGER
    more = msgspec.structs.replace(LEDGER, dropped=LEDGER.dropped + 1)
    bring(store, snapshot, 14, ledger=more)
    assert not (redis.get(key) or b"").startswith(b"{")
    assert sessions.read_context(store, session).ledger == more


def test_chapters_that_are_merged_become_one_in_their_place_and_the_others_stay(
    store: Store, redis: redis_py.Redis, session: Session, compacted: None
) -> None:
    before = raw(redis, store, session, "chapters")
    snapshot = begin(store, session, "c")
    assert bring(store, snapshot, 14, merge=merged(snapshot, 0, 2)) == "applied"
    assert ranges(store, session) == [(1, 8, 1), (9, 12, 0), (13, 14, 0)]
    assert raw(redis, store, session, "chapters")[1] == before[2]


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0, 2), (0, 3), (1, 2), (2, 1)])
def test_whichever_chapters_are_merged_all_is_covered_once(
    store: Store, session: Session, compacted: None, first: int, count: int
) -> None:
    snapshot = begin(store, session, "c")
    bring(store, snapshot, 14, merge=merged(snapshot, first, count))
    covered = [seq for low, high, _ in ranges(store, session) for seq in range(low, high + 1)]
    assert covered == list(range(1, 15))
    assert len(ranges(store, session)) == 5 - count
    assert sessions.transcript(store, session).messages[-1].seq == 16


def test_a_merge_that_is_offered_is_made_with_its_change_and_once(
    store: Store, replaying: Store, session: Session, compacted: None
) -> None:
    snapshot = begin(store, session, "c")
    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "t")
    changed = Ledger(dropped=9)
    assert bring(replaying, snapshot, 14, merge=merged(snapshot, 0, 3), ledger=changed) == "offered"
    assert [level for _, _, level in ranges(store, session)] == [0, 0, 0]
    assert sessions.read_context(store, session).ledger == LEDGER
    commit(replaying, turn)
    assert ranges(store, session) == [(1, 12, 1), (13, 14, 0)]
    assert sessions.read_context(store, session).ledger == changed
    assert bring(store, snapshot, 14, merge=merged(snapshot, 0, 3)) == "applied", "it is done with"
    assert ranges(store, session) == [(1, 12, 1), (13, 14, 0)]


def test_a_change_that_comes_too_late_merges_nothing_and_leaves_the_ledger(
    store: Store, redis: redis_py.Redis, session: Session, compacted: None
) -> None:
    slow = begin(store, session, "slow")
    redis.hset(next(redis.scan_iter(f"*{session}:meta")), "compaction_until", 0)
    bring(store, begin(store, session, "quick"), 14)
    before = sessions.read_context(store, session)
    assert bring(store, slow, 16, merge=merged(slow, 0, 2), ledger=Ledger(dropped=9)) == "discarded"
    assert sessions.read_context(store, session) == before


@pytest.mark.parametrize(
    "merge",
    [
        Merge(first=0, count=0, chapter=chapter(1, 4)),
        Merge(first=-1, count=1, chapter=chapter(9, 12)),
        Merge(first=2, count=2, chapter=chapter(9, 12)),
        Merge(first=0, count=2, chapter=chapter(1, 4)),
        Merge(first=0, count=2, chapter=chapter(5, 8)),
    ],
)
def test_a_merge_that_would_leave_a_gap_is_refused_before_anything_is_written(
    store: Store, session: Session, compacted: None, merge: Merge
) -> None:
    snapshot = begin(store, session, "c")
    with pytest.raises(ValueError, match="merge"):
        bring(store, snapshot, 14, merge=merge)
    assert len(sessions.state(store, session).chapters) == 3


@pytest.mark.parametrize(("first", "last"), [(12, 14), (14, 14), (13, 12), (13, 18)])
def test_a_chapter_that_does_not_cover_the_oldest_messages_is_refused_before_anything_is_written(
    store: Store, session: Session, compacted: None, first: int, last: int
) -> None:
    snapshot = begin(store, session, "c")
    with pytest.raises(ValueError, match="cover"):
        compactions.write_back(
            store, snapshot, Change(chapter=chapter(first, last), ledger=Ledger(), saved=1)
        )
    assert sessions.state(store, session).watermark == 12


def test_f38_the_history_of_compressions_is_readable(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    # Elsewhere users could not see where and how their history was compressed.
    talked(4)
    for reason in ("empty", "not_smaller"):
        compactions.refuse(store, begin(store, session, reason), reason, 1)
    snapshot = begin(store, session, "c")
    assert snapshot.refused == ("empty", "not_smaller")
    told = msgspec.structs.replace(chapter(1, 4), refused=snapshot.refused)
    compactions.write_back(store, snapshot, Change(chapter=told, ledger=LEDGER, saved=7))
    state = sessions.state(store, session)
    assert state.chapters == (told,)
    assert state.refused == {"empty": 1, "not_smaller": 1}
    assert begin(store, session, "d").refused == (), "they belong to the chapter that was written in the end"


def test_of_the_reasons_for_refusals_the_last_ten_are_kept(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    talked(4)
    for number in range(12):
        compactions.refuse(store, begin(store, session, f"c{number}"), f"reason_{number}", 1)
    assert begin(store, session, "c").refused == tuple(f"reason_{number}" for number in range(2, 12))
