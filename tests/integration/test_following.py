"""Following replies in one process: whoever comes, and whenever, hears the same events, and nobody polls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import redis as redis_py

from backscroll.errors import NotFound
from backscroll.session import Session
from backscroll.store import events, following, keys, sessions
from backscroll.store.events import Event
from backscroll.store.following import Following
from backscroll.store.redis import Store
from backscroll.store.turns import Turn
from tests.integration.acting import claim, commit
from tests.integration.away import Away
from tests.stack.conditions import until

SILENCE = 60.0  # nobody in these tests may be saved by a look at its end


@pytest.fixture
def followed(store: Store) -> Iterator[Following]:
    found = Following(store)
    yield found
    found.release()
    found.close()


class Follows:
    """Follows a reply in a thread of its own; `events` are those that have come so far."""

    def __init__(self, found: Following, store: Store, session: Session, rid: str, after: str | None) -> None:
        self.events: list[Event] = []
        self._pool = ThreadPoolExecutor(1)
        told = events.read(store, session, rid, after)
        come = found.follow(session, rid, told, after=after, silence=SILENCE)
        self.done: Future[None] = self._pool.submit(self._run, come)
        self._pool.shutdown(wait=False)

    def _run(self, come: Iterator[tuple[Event, ...]]) -> None:
        for some in come:
            self.events += some

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def follow(followed: Following, store: Store, session: Session, rid: str) -> Callable[..., Follows]:
    def begin(after: str | None = None) -> Follows:
        return Follows(followed, store, session, rid, after)

    return begin


def heard(store: Store, turn: Turn, number: int, text: str) -> None:
    batch = (number, [events.delta(text, thought=False)])
    assert events.append(store, [(turn, events.pack([batch]))]) == [True]


def listens(redis: redis_py.Redis, store: Store, session: Session, rid: str) -> int:
    """Count the connections that listen to a reply's events."""
    channel = keys.events(session, store.settings.shards, rid)
    [(_, count)] = redis.pubsub_numsub(channel)
    return int(count)


def test_f28_who_comes_before_during_and_after_the_answer_hears_the_same(
    store: Store, redis: redis_py.Redis, session: Session, rid: str, follow: Callable[..., Follows]
) -> None:
    # Elsewhere late joiners saw nothing, and a stream whose end marker was lost hung its clients.
    before = follow()
    until("somebody listens", lambda: listens(redis, store, session, rid))
    turn = claim(store, session, "t")
    heard(store, turn, 1, "h")
    during = follow()
    until("that has come", lambda: during.kinds == ["status", "delta"])
    heard(store, turn, 2, "i")
    commit(store, turn, "hi")
    for each in (before, during, follow()):
        each.done.result(10)
        whole = each.events if each is not before else each.events[1:]
        assert whole == list(events.read(store, session, rid).events)
    assert before.events[0].data == b'{"status":"queued","attempt":0,"position":0}'


def test_many_who_follow_one_reply_are_told_by_one_connection_that_goes_with_the_last(
    store: Store, redis: redis_py.Redis, session: Session, rid: str, follow: Callable[..., Follows]
) -> None:
    turn = claim(store, session, "t")
    follows = [follow() for _ in range(30)]
    for number in range(1, 20):
        heard(store, turn, number, str(number))
        if number == 10:
            assert listens(redis, store, session, rid) == 1
            follows += [follow() for _ in range(5)]
    commit(store, turn, "done")
    told = list(events.read(store, session, rid).events)
    for each in follows:
        each.done.result(10)
        assert each.events == told
    until("nobody listens any more", lambda: not listens(redis, store, session, rid))


def test_what_was_told_while_the_connection_was_gone_is_caught_up_with(
    store: Store, redis: redis_py.Redis, session: Session, rid: str, follow: Callable[..., Follows]
) -> None:
    turn = claim(store, session, "t")
    one = follow()
    until("somebody listens", lambda: listens(redis, store, session, rid))
    redis.client_kill_filter(_type="pubsub")
    heard(store, turn, 1, "h")
    until("that is caught up with", lambda: one.kinds == ["status", "delta"])
    redis.client_kill_filter(_type="pubsub")
    commit(store, turn, "hi")
    one.done.result(10)
    assert one.events == list(events.read(store, session, rid).events)


def test_who_takes_nothing_falls_behind_and_reads_the_rest_when_it_does(
    store: Store,
    session: Session,
    rid: str,
    followed: Following,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_MOST", 3)
    turn = claim(store, session, "t")
    told = events.read(store, session, rid)
    coming = followed.follow(session, rid, told, after=None, silence=SILENCE)
    came = [*next(coming)]
    heard(store, turn, 1, "a")
    came += next(coming)
    for number in range(2, 12):
        heard(store, turn, number, str(number))
    commit(store, turn)
    for some in coming:
        came += some
    assert came == list(events.read(store, session, rid).events)


def test_a_silence_is_told_and_looked_into(
    store: Store, redis: redis_py.Redis, session: Session, rid: str, followed: Following
) -> None:
    told = events.read(store, session, rid)
    coming = followed.follow(session, rid, told, after=None, silence=0.01)
    assert next(coming)[0].kind == "status"
    assert next(coming) == ()
    # The reply is gone, and nobody says so: a session whose time was over.
    redis.delete(*redis.scan_iter(f"*{session}:*"))
    with pytest.raises(NotFound):
        for _ in coming:
            pass


def test_a_reply_that_is_deleted_is_gone_at_once_for_who_follows(
    store: Store, redis: redis_py.Redis, session: Session, follow: Callable[..., Follows], rid: str
) -> None:
    one = follow()
    until("somebody listens", lambda: listens(redis, store, session, rid))
    sessions.delete(store, session)
    with pytest.raises(NotFound):
        one.done.result(10)


def test_who_is_let_go_ends_at_once_and_who_comes_then_has_what_was_told(
    store: Store, redis: redis_py.Redis, session: Session, rid: str, followed: Following, follow: Any
) -> None:
    one = follow()
    until("somebody listens", lambda: listens(redis, store, session, rid))
    followed.release()
    one.done.result(10)
    late = follow()
    late.done.result(10)
    assert late.kinds == ["status"]


def test_a_store_that_is_away_for_a_moment_ends_no_stream(
    store: Store, session: Session, rid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away(store.settings)
    found = Following(away)
    monkeypatch.setattr(following, "_STORE_RETRY", 0.01)
    turn = claim(store, session, "t")
    coming = found.follow(session, rid, events.read(store, session, rid), after=None, silence=SILENCE)
    came = [*next(coming)]
    heard(store, turn, 1, "h")
    away.left = 3
    came += next(coming)
    commit(store, turn)
    for some in coming:
        came += some
    assert came == list(events.read(store, session, rid).events)
    assert not away.left
    found.close()
    away.close()
