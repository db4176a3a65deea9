"""Media in the store: each content once, bounded, gone with its session, and nothing of a late holder's."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
import redis as redis_py

from backscroll.errors import BackscrollError, LeaseLost, MediaFull
from backscroll.messages.media import Media, apart
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import media, sessions, submissions, turns
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from backscroll.store.turns import Completed
from tests.integration.acting import claim, commit, key, raw, texts
from tests.stack.expiry import eternal

CAT, DOG = Media("image/png", b"a cat\n\x00\xff"), Media("", b"a dog")


def by_digest(*found: Media) -> dict[str, Media]:
    return {sha256(each.data).hexdigest(): each for each in found}


BOTH = by_digest(CAT, DOG)


def submission(text: str, *found: Media) -> Submission:
    shown = [apart(each)[1] for each in found]
    return Submission(parts=(Text(text), *shown), media=by_digest(*found))


def bounded(store: Store, most: int) -> Store:
    return Store(msgspec.structs.replace(store.settings, session_media_bytes=most))


def stored(redis: redis_py.Redis, store: Store, session: Session) -> set[str]:
    return {name.decode() for name in redis.hkeys(key(store, session, "media"))} - {"bytes"}


def test_what_a_message_refers_to_is_there_byte_for_byte(store: Store, session: Session) -> None:
    submissions.submit(store, session, submission("look", CAT, DOG))
    assert media.read(store, session, list(BOTH)) == BOTH


def test_what_is_not_there_is_left_out(store: Store, session: Session) -> None:
    submissions.submit(store, session, submission("look", CAT))
    cat, dog = BOTH
    assert media.read(store, session, [dog, cat]) == {cat: CAT}
    assert media.read(store, session, []) == {}


def test_a_content_is_kept_once_in_a_session(store: Store, redis: redis_py.Redis, session: Session) -> None:
    for text in ("look", "look again"):
        submissions.submit(store, session, submission(text, CAT))
    assert stored(redis, store, session) == set(by_digest(CAT))
    assert redis.hget(key(store, session, "media"), "bytes") == str(len(CAT.data) + 10).encode()


def test_another_session_sees_none_of_it(store: Store, session: Session) -> None:
    submissions.submit(store, session, submission("look", CAT))
    other = Session(session.tenant, session.id + "-other")
    submissions.submit(store, other, submission("nothing"))
    assert media.read(store, other, list(BOTH)) == {}


def test_a_full_session_takes_none_of_a_message(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    room = len(CAT.data) + 10 + len(DOG.data)
    tight = bounded(store, room)
    with pytest.raises(MediaFull) as caught:
        submissions.submit(tight, session, submission("look", CAT, DOG))
    assert (caught.value.code, stored(redis, store, session)) == ("media_full", set())
    submissions.submit(tight, session, submission("look", CAT))
    with pytest.raises(MediaFull):
        submissions.submit(tight, session, submission("and", DOG))
    assert stored(redis, store, session) == set(by_digest(CAT))
    assert len(sessions.state(store, session).pending) == 1
    roomy = bounded(store, room + 1)
    submissions.submit(roomy, session, submission("and", CAT, DOG))
    assert stored(redis, store, session) == set(BOTH)
    for each in (tight, roomy):
        each.close()


def test_media_of_one_message_after_another_count_together(store: Store, session: Session) -> None:
    tight = bounded(store, 3 * 6)
    for name in (b"one", b"two", b"six"):
        submissions.submit(tight, session, submission("look", Media("ab", name)))
    with pytest.raises(MediaFull, match="18 bytes"):
        submissions.submit(tight, session, submission("look", Media("", b"")))
    tight.close()


def test_what_is_there_already_takes_no_room(store: Store, session: Session) -> None:
    tight = bounded(store, len(CAT.data) + 10)
    for _ in range(3):
        submissions.submit(tight, session, submission("look", CAT))
    assert len(sessions.state(store, session).pending) == 3
    tight.close()


def test_a_replayed_call_keeps_nothing_twice(
    store: Store, replaying: Store, redis: redis_py.Redis, session: Session
) -> None:
    submissions.submit(replaying, session, submission("look", CAT, DOG))
    once = sum(len(each.mime) + 1 + len(each.data) for each in (CAT, DOG))
    assert redis.hget(key(store, session, "media"), "bytes") == str(once).encode()
    turn = claim(replaying, session, "t")
    answer(replaying, turn, Media("image/png", b"drawn"))
    assert media.read(store, session, [sha256(b"drawn").hexdigest()])


def answer(store: Store, turn: turns.Turn, drawn: Media, *, go_on: bool = False) -> turns.Ended:
    digest, part = apart(drawn)
    completed = Completed(
        parts=(Text("here"), part),
        media={digest: drawn},
        model="m",
        asked="m",
        usage=msgspec.convert({}, turns.Usage),
        tokens=9,
        complete=True,
        compaction_due=False,
        finished_at=1,
    )
    return turns.commit(store, turn, completed, go_on=go_on, ceiling=1000)


def test_a_late_holders_answer_leaves_no_media(store: Store, redis: redis_py.Redis, session: Session) -> None:
    submissions.submit(store, session, submission("draw"))
    late = claim(store, session, "late")
    redis.delete(key(store, session, "lock"))
    claim(store, session, "current")
    with pytest.raises(LeaseLost):
        answer(store, late, CAT)
    assert stored(redis, store, session) == set()
    assert sessions.state(store, session).stale_writes == 1


def test_an_answer_of_a_deleted_session_brings_nothing_back(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    submissions.submit(store, session, submission("draw"))
    turn = claim(store, session, "t")
    sessions.delete(store, session)
    with pytest.raises(LeaseLost):
        answer(store, turn, CAT)
    assert redis.exists(key(store, session, "media"), key(store, session, "meta")) == 0


def test_a_commit_that_is_made_again_after_the_lock_went_on_tells_the_same(
    store: Store, session: Session
) -> None:
    submissions.submit(store, session, submission("draw"))
    turn = claim(store, session, "t")
    assert [answer(store, turn, CAT) for _ in range(2)] == [turns.Ended(None, False, False)] * 2
    assert texts(store, session) == ["draw", "here"]


def test_an_answer_that_a_full_session_cannot_keep_is_not_committed(store: Store, session: Session) -> None:
    submissions.submit(store, session, submission("draw"))
    tight = bounded(store, 1024)
    turn = claim(store, session, "t")
    with pytest.raises(MediaFull):
        answer(tight, turn, Media("image/png", b"x" * 1025))
    tight.close()
    assert sessions.state(store, session).messages == 0
    commit(store, turn, "only words")


def test_the_message_lists_hold_references_only(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    submissions.submit(store, session, submission("look", CAT))
    answer(store, claim(store, session, "t"), DOG)
    user, model = raw(redis, store, session, "live")
    assert next(iter(by_digest(CAT))).encode() in user
    assert next(iter(by_digest(DOG))).encode() in model
    assert b'"data"' not in user + model


def test_messages_that_are_merged_keep_their_media(store: Store, session: Session) -> None:
    submissions.submit(store, session, submission("in work"))
    claim(store, session, "t")
    first = submissions.submit(store, session, submission("look", CAT))
    merging = msgspec.structs.replace(submission("and", DOG), on_busy="merge")
    assert submissions.submit(store, session, merging).reply_id == first.reply_id
    assert media.read(store, session, list(BOTH)) == BOTH


def test_f39_media_expire_with_their_session(store: Store, redis: redis_py.Redis, session: Session) -> None:
    # Elsewhere keys without expiry filled Redis until writes failed.
    submissions.submit(store, session, submission("look", CAT))
    assert eternal(redis) == []
    turn = claim(store, session, "t")
    redis.delete(key(store, session, "media"))
    answer(store, turn, DOG)
    assert eternal(redis) == []


def test_media_live_as_long_as_their_session(store: Store, redis: redis_py.Redis, session: Session) -> None:
    submissions.submit(store, session, submission("look", CAT))
    names = [key(store, session, name) for name in ("media", "meta")]
    for touch in (
        lambda: sessions.state(store, session),
        lambda: media.read(store, session, list(by_digest(CAT))),
    ):
        for name in names:
            redis.pexpire(name, 60_000)
        touch()
        assert min(map(redis.pttl, names)) > 6 * 86_400_000


def test_a_deleted_session_leaves_no_media(store: Store, redis: redis_py.Redis, session: Session) -> None:
    submissions.submit(store, session, submission("look", CAT, DOG))
    sessions.delete(store, session)
    assert redis.exists(key(store, session, "media")) == 0


@pytest.mark.parametrize("why", ["busy", "full", "reused"])
def test_a_message_that_is_turned_away_leaves_no_media(
    store: Store, redis: redis_py.Redis, session: Session, why: str
) -> None:
    narrow = Store(msgspec.structs.replace(store.settings, inbox_limit=1))
    submissions.submit(narrow, session, msgspec.structs.replace(submission("look", CAT), idempotency_key="k"))
    refused = {
        "busy": msgspec.structs.replace(submission("and", DOG), on_busy="reject"),
        "full": submission("and", DOG),
        "reused": msgspec.structs.replace(submission("and", DOG), idempotency_key="k"),
    }
    with pytest.raises(BackscrollError):
        submissions.submit(narrow, session, refused[why])
    assert stored(redis, store, session) == set(by_digest(CAT))
    narrow.close()
