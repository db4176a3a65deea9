"""What a message and the session's settings weigh together decides whether it is accepted, and merged."""

from __future__ import annotations

import pytest
import redis as redis_py

from backscroll.errors import TooLarge
from backscroll.messages.media import Media, apart
from backscroll.messages.part import Part, Text
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store import keys, sessions, submissions
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, Submitted
from tests.integration.acting import claim, commit
from tests.integration.living import ONE, PHOTO, OpenStore, shown

PICTURE = 1_100


def pictures(count: int, **more: object) -> Submission:
    found = dict(apart(Media("image/png", b"picture %d" % number)) for number in range(count))
    media = {digest: Media("image/png", b"picture %d" % n) for n, digest in enumerate(found)}
    return Submission(parts=tuple[Part, ...](found.values()), media=media, **more)  # type: ignore[arg-type]


def merge(store: Store, session: Session, count: int, ceiling: int) -> Submitted:
    return submissions.submit(store, session, pictures(count, on_busy="merge", ceiling=ceiling))


def record(store: Store, redis: redis_py.Redis, session: Session, reply_id: str) -> dict[bytes, bytes]:
    meta = keys.of_session(session, store.settings.shards)[0]
    return redis.hgetall(f"{meta.removesuffix('meta')}reply:{reply_id}")


@pytest.fixture(params=["", ONE], ids=["plain", "sealed"])
def any_store(request: pytest.FixtureRequest, open_store: OpenStore) -> Store:
    return open_store(request.param)


def test_messages_merge_up_to_the_ceiling_and_not_beyond(any_store: Store, session: Session) -> None:
    first = merge(any_store, session, 3, 7 * PICTURE).reply_id
    assert merge(any_store, session, 2, 7 * PICTURE).reply_id == first
    second = merge(any_store, session, 3, 7 * PICTURE).reply_id
    assert second != first
    assert merge(any_store, session, 4, 7 * PICTURE).reply_id == second
    assert merge(any_store, session, 1, 7 * PICTURE).reply_id not in (first, second)


def test_the_sessions_settings_count_for_what_is_merged(any_store: Store, session: Session) -> None:
    sessions.configure(any_store, session, SessionSettings(system_instruction="x" * 4 * PICTURE))
    first = merge(any_store, session, 3, 7 * PICTURE).reply_id
    assert merge(any_store, session, 2, 7 * PICTURE).reply_id == first
    assert merge(any_store, session, 1, 7 * PICTURE).reply_id != first


def test_one_that_does_not_fit_beside_the_settings_leaves_nothing(
    any_store: Store, redis: redis_py.Redis, session: Session
) -> None:
    sessions.configure(any_store, session, SessionSettings(system_instruction="x" * 4 * PICTURE))
    before = list(redis.scan_iter(match=f"*{session.id}*"))
    with pytest.raises(
        TooLarge, match=r"^parts has an estimated 7,700 tokens; .* 1,1\d\d, .*\(7,700\)"
    ) as caught:
        submissions.submit(any_store, session, pictures(7, ceiling=7 * PICTURE, idempotency_key="k"))
    assert (caught.value.field, caught.value.code) == ("parts", "too_large")
    assert sorted(redis.scan_iter(match=f"*{session.id}*")) == sorted(before)


def test_one_that_was_accepted_under_a_higher_ceiling_is_not_refused_when_it_is_sent_again(
    store: Store, session: Session
) -> None:
    first = submissions.submit(store, session, shown(PHOTO, idempotency_key="k"))
    again = submissions.submit(store, session, shown(PHOTO, idempotency_key="k", ceiling=100))
    assert (again.reply_id, again.new) == (first.reply_id, False)


def test_one_that_waits_since_an_earlier_version_takes_nothing_in(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    first = submissions.submit(store, session, Submission(parts=(Text("one"),))).reply_id
    meta = keys.of_session(session, store.settings.shards)[0]
    assert redis.hdel(f"{meta.removesuffix('meta')}reply:{first}", "tokens") == 1
    second = submissions.submit(store, session, Submission(parts=(Text("two"),), on_busy="merge")).reply_id
    assert second != first
    assert claim(store, session, "t").request == (Text("one"),)


def test_what_a_request_weighs_is_kept_as_long_as_the_request(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    first = merge(store, session, 3, 7 * PICTURE).reply_id
    merge(store, session, 2, 7 * PICTURE)
    assert record(store, redis, session, first)[b"tokens"] == b"5500"
    commit(store, claim(store, session, "t"))
    assert {b"tokens", b"request"}.isdisjoint(record(store, redis, session, first))
