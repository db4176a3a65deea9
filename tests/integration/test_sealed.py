"""A key that is missing: said as such, and nothing is lost until it is back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import redis as redis_py
from flask.testing import FlaskClient

from backscroll.errors import Sealed
from backscroll.messages.part import Text
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.session import DEFAULT_TENANT, Session
from backscroll.settings import load
from backscroll.store import compactions, events, keys, media, replies, sessions, submissions, turns
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit, key, texts
from tests.integration.living import (
    ONE,
    PHOTO,
    PHOTOGRAPHED,
    SAID,
    TWO,
    Fishmonger,
    OpenStore,
    answer,
    compact,
    dump,
    live_through,
    shown,
)
from web import create_app


def the_pause_is_over(redis: redis_py.Redis, store: Store, session: Session) -> None:
    """Let the time pass for which a session that did not open is left alone."""
    assert redis.hset(key(store, session, "meta"), "asleep_until", 0) == 0, "it was put off"


def test_f24_what_does_not_open_is_never_an_empty_history(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    # Elsewhere a read error was answered "not found", and the client began the session anew over it.
    rids = live_through(open_store(ONE), session)
    before = sorted(dump(redis, session))
    reads: list[Callable[[Store], object]] = [
        lambda store: sessions.state(store, session),
        lambda store: sessions.transcript(store, session),
        lambda store: sessions.read_context(store, session),
        lambda store: replies.read(store, session, rids[0]),
        lambda store: replies.read(store, session, rids[2]),
        lambda store: events.read(store, session, rids[0]),
        lambda store: media.read(store, session, [PHOTOGRAPHED[0]]),
        lambda store: submissions.submit(store, session, shown(PHOTO, idempotency_key="0")),
    ]
    for wrong in (open_store(TWO), open_store("")):
        for read in reads:
            with pytest.raises(Sealed, match="'one'"):
                read(wrong)
    assert sorted(dump(redis, session)) == before


def test_a_turn_that_does_not_open_waits_for_its_key_and_spends_no_attempt(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    right, wrong = open_store(ONE), open_store(TWO)
    rid = submissions.submit(right, session, Submission(parts=(Text(SAID),))).reply_id
    for _ in range(right.settings.max_attempts + 1):
        with pytest.raises(Sealed, match="'one'"):
            turns.claim(wrong, session, "wrong", ceiling=1000)
        assert turns.claim(right, session, "too soon", ceiling=1000) is None
        the_pause_is_over(redis, right, session)
    waiting = replies.read(right, session, rid)
    assert (waiting.status, waiting.attempts, waiting.position) == ("queued", 0, 0)
    assert redis.zscore(keys.of_shard(session.shard(right.settings.shards))[0], str(session))
    turn = claim(right, session, "right")
    assert (turn.reply_id, turn.attempt, turn.request) == (rid, 1, (Text(SAID),))


def test_a_turn_is_committed_also_where_the_next_one_does_not_open(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    old, rotated = open_store(ONE), open_store(f"{TWO},{ONE}")
    submissions.submit(old, session, Submission(parts=(Text(SAID),)))
    turn = claim(old, session, "t")
    following = submissions.submit(rotated, session, Submission(parts=(Text("And then?"),)))
    ended = commit(old, turn, go_on=True)
    assert ended == turns.Ended(None, ring=False, ring_compaction=False)
    the_pause_is_over(redis, old, session)
    assert claim(rotated, session, "t2").reply_id == following.reply_id
    assert len(texts(rotated, session)) == 2


def test_a_turn_whose_picture_does_not_open_is_put_off(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    store, model = open_store(ONE), Fishmonger()
    rid = submissions.submit(store, session, shown(PHOTO)).reply_id
    name = key(store, session, "media")
    [tag] = [tag for tag in redis.hkeys(name) if tag != b"bytes"]
    whole = redis.hget(name, tag)
    assert whole is not None
    redis.hset(name, tag, whole[:-1])
    assert answer(store, session, model) == 0
    assert (replies.read(store, session, rid).status, model.prompts) == ("queued", [])
    redis.hset(name, tag, whole)
    the_pause_is_over(redis, store, session)
    assert answer(store, session, model) == 1


def test_a_compaction_that_does_not_open_is_put_off_and_not_begun_over_and_over(
    open_store: OpenStore, redis: redis_py.Redis, session: Session, talked: Callable[[int], None]
) -> None:
    talked(4)
    right, wrong = open_store(ONE), open_store(TWO)
    for store, number in ((right, 1), (right, 2)):
        submissions.submit(store, session, Submission(parts=(Text(SAID),)))
        commit(store, claim(store, session, f"sealed {number}"), SAID)
    with pytest.raises(Sealed, match="'one'"):
        compactions.begin(wrong, session, "c")
    due = redis.zscore(keys.of_shard(session.shard(right.settings.shards))[1], str(session))
    assert due is not None
    assert due / 1000 - time.time() > 30
    assert sessions.state(right, session).refused == {}
    assert compact(right, session) == "applied"


def test_a_deleted_session_leaves_nothing_also_where_it_does_not_open(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    live_through(open_store(ONE), session)
    sessions.delete(open_store(TWO), session)
    assert dump(redis, session) == []


@pytest.fixture
def web(redis_server: EmbeddedRedis, redis: redis_py.Redis) -> Iterator[FlaskClient]:
    """The web process's app, which lacks the first key."""
    environ = {
        "REDIS_URL": redis_server.url,
        "BROKER_URL": redis_server.broker_url,
        "BACKSCROLL_ENCRYPTION_KEYS": TWO,
    }
    app = create_app(load(environ))
    yield app.test_client()
    backend = app.extensions["backscroll"]
    backend.ended.close()
    backend.following.close()
    backend.bell.close()
    backend.store.close()


def test_a_client_is_told_to_come_back_and_not_that_there_is_nothing(
    web: FlaskClient, open_store: OpenStore, sid: str
) -> None:
    named, base = Session(DEFAULT_TENANT, sid), f"/v1/sessions/{sid}"
    rid = live_through(open_store(ONE), named)[0]
    paths = (
        "",
        "/history",
        "/history?view=context",
        f"/replies/{rid}",
        f"/replies/{rid}?wait=1",
        f"/replies/{rid}/events",
        f"/media/{PHOTOGRAPHED[0]}",
    )
    for path in paths:
        refused = web.get(base + path)
        assert (refused.status_code, refused.json["code"]) == (503, "sealed"), path
        assert "'one'" in refused.json["detail"]
        assert int(refused.headers["Retry-After"]) > 0
    assert web.get(f"{base}/media/{'0' * 64}").status_code == 503, "it may be one of those"
    posted = web.post(f"{base}/messages", json={"text": "And now?"})
    assert posted.status_code == 202
    assert web.post(f"{posted.headers['Location']}/cancel").json["status"] == "cancelled"
    assert web.delete(base).status_code == 204
    assert web.get(base).status_code == 404
