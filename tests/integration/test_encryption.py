"""Encryption at rest on a real Redis: nothing can be read there, and all that was said is still there."""

from __future__ import annotations

from collections import defaultdict

import pytest
import redis as redis_py

from backscroll.errors import InvalidRequest
from backscroll.messages.media import inline
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.store import events, media, replies, sessions, submissions
from backscroll.store.following import Following
from backscroll.store.redis import Store
from backscroll.store.restore import restore
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit, key, texts
from tests.integration.living import (
    CALL,
    DRAWN,
    MARKS,
    ONE,
    PAINTED,
    PHOTO,
    PHOTOGRAPHED,
    SAID,
    SETTINGS,
    TOLD,
    TWO,
    Fishmonger,
    OpenStore,
    answer,
    compact,
    dump,
    live_through,
    seen,
    shown,
)


def check_all_is_there(store: Store, session: Session, rids: list[str]) -> None:
    """See that everything that `live_through` said can be read, from every place where it is."""
    state = sessions.state(store, session)
    assert state.settings == SETTINGS
    said = [SAID, SAID, SAID, SAID, SAID * 3, SAID, SAID * 3, SAID]
    assert texts(store, session) == said
    context = sessions.read_context(store, session)
    assert [chapter.text for chapter in context.chapters] == [TOLD]
    assert "4711-B" in str(context.ledger)
    assert media.read(store, session, [PHOTOGRAPHED[0], PAINTED[0]]) == dict(
        zip((PHOTOGRAPHED[0], PAINTED[0]), (PHOTO, DRAWN), strict=True)
    )
    answered, failed = replies.read(store, session, rids[0]), replies.read(store, session, rids[2])
    assert answered.parts == (Text(SAID), CALL, PAINTED[1])
    assert failed.error is not None
    assert failed.error.message == "no word about herring"
    told = events.read(store, session, rids[0]).events
    assert [event.kind for event in told] == ["status", "delta", "part", "part", "end"]
    assert b"herring" in told[1].data + told[2].data


def test_nothing_that_was_said_can_be_read_in_redis(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    bare, told = Session("tests", f"{session.id}-bare"), defaultdict[Session, list[bytes]](list)
    with redis.pubsub() as listening:  # type: ignore[no-untyped-call]
        listening.psubscribe("*")
        for store, each in ((open_store(""), bare), (open_store(ONE), session)):
            check_all_is_there(store, each, live_through(store, each))
        while message := listening.get_message(timeout=0.1):
            of = bare if bare.id.encode() in message["channel"] else session
            told[of] += [message["data"]] if message["type"] == "pmessage" else []
    for each in (bare, session):
        assert any(b" delta " in message for message in told[each])
    # The same search finds all of it where there are no keys.
    assert seen(dump(redis, bare)) == set(MARKS)
    assert b"herring" in seen(told[bare])
    assert seen([*dump(redis, session), *told[session]]) == set()


def test_what_waited_and_what_was_offered_is_taken_up_as_it_was_said(
    open_store: OpenStore, session: Session
) -> None:
    store = open_store(ONE)
    *_, waits = live_through(store, session)
    ended = commit(store, claim(store, session, "works"), SAID, go_on=True)
    assert ended.next_turn is not None
    assert ended.next_turn.reply_id == waits
    assert [part.text for part in ended.next_turn.request if isinstance(part, Text)] == [
        "And herring?",
        "Or 4711-B?",
    ]
    assert len(ended.next_turn.context.chapters) == 2


def test_archived_messages_come_back_and_are_sealed_again(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    store = open_store(ONE)
    live_through(store, session)
    commit(store, claim(store, session, "works"), SAID)
    before = sessions.transcript(store, session)
    assert restore(store, session, budget=100_000).messages == 6
    assert sessions.transcript(store, session) == before
    assert sessions.read_context(store, session).messages == before.messages
    assert seen(dump(redis, session)) == set()


def test_a_picture_goes_back_to_the_model(open_store: OpenStore, session: Session) -> None:
    store, model = open_store(ONE), Fishmonger()
    for _ in range(2):
        submissions.submit(store, session, shown(PHOTO))
        answer(store, session, model)
    sent = [content.parts for content in model.prompts[1].contents]
    assert inline(PHOTO.mime, PHOTO.data) in sent[0]
    assert inline(DRAWN.mime, DRAWN.data) in sent[1]


def test_who_follows_a_reply_hears_what_is_said(open_store: OpenStore, session: Session) -> None:
    store = open_store(ONE)
    rid = submissions.submit(store, session, Submission(parts=(Text(SAID),))).reply_id
    following = Following(store)
    coming = following.follow(session, rid, events.read(store, session, rid), after=None, silence=60.0)
    heard = list(next(coming))
    turn = claim(store, session, "t")
    told = events.sealed(store.cipher(session), rid, [events.delta("herring", thought=False)])
    assert events.append(store, [(turn, events.pack([(1, list(told))]))]) == [True]
    while not any(event.kind == "delta" for event in heard):
        heard += next(coming)
    assert heard[-1].data == b'{"text":"herring"}'
    commit(store, turn)
    assert [event.kind for some in coming for event in some][-1] == "end"
    following.close()


def test_encryption_can_be_switched_on_in_a_live_store(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    bare, sealed = open_store(""), open_store(ONE)
    rids = live_through(bare, session)
    check_all_is_there(sealed, session, rids)
    commit(sealed, claim(sealed, session, "works"), SAID)
    again = submissions.submit(sealed, session, shown(PHOTO, idempotency_key="0"))
    assert (again.reply_id, again.new) == (rids[0], False)
    with pytest.raises(InvalidRequest, match="another message"):
        submissions.submit(sealed, session, shown(DRAWN, idempotency_key="0"))
    for _ in range(3):
        submissions.submit(sealed, session, Submission(parts=(Text("What else?"),)))
        answer(sealed, session, Fishmonger())
    assert compact(sealed, session) == "applied"
    live = redis.lrange(key(sealed, session, "live"), 0, -1)
    assert seen(live) == set()


def test_keys_that_only_open_lead_out_of_encryption(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    rids = live_through(open_store(ONE), session)
    out = open_store(f"plain,{ONE}")
    check_all_is_there(out, session, rids)
    commit(out, claim(out, session, "works"), "herring at last")
    assert b"herring at last" in redis.lrange(key(out, session, "live"), -1, -1)[0]


def test_an_old_key_opens_and_a_new_one_seals(
    open_store: OpenStore, redis: redis_py.Redis, session: Session
) -> None:
    old, rotated, new = open_store(ONE), open_store(f"{TWO},{ONE}"), open_store(TWO)
    rids = live_through(old, session)
    check_all_is_there(rotated, session, rids)
    again = submissions.submit(rotated, session, shown(PHOTO, idempotency_key="0"))
    assert (again.reply_id, again.new) == (rids[0], False)
    commit(rotated, claim(rotated, session, "works"), SAID)
    submissions.submit(rotated, session, shown(PHOTO, "And this?"))
    answer(rotated, session, Fishmonger())
    assert [value[:5] for value in redis.lrange(key(old, session, "live"), -2, -1)] == [b"\xff\x03two"] * 2

    fresh = Session("tests", f"{session.id}-fresh")
    check_all_is_there(new, fresh, live_through(rotated, fresh))
    assert seen(dump(redis, session)) == set()
