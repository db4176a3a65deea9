"""Old and new side by side: what another version wrote goes through this one unchanged, to the byte."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import redis as redis_py

from backscroll.messages.archive import unpack
from backscroll.messages.part import Other, Text
from backscroll.session import Session
from backscroll.store import compactions, keys, sessions, turns
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import bring, claim, commit

LOOK = [{"type": "text", "text": "look", "lang": "en"}, {"type": "hologram", "of": "a cat"}]
SIGNED = [{"type": "text", "text": "", "signature": "c2ln"}]
NEWER = [
    [3, 1, "u", 5, LOOK, {"mood": "calm"}],
    [3, 2, "m", 6, SIGNED, {"model": "m", "usage": [3], "dream_tokens": 7}],
]
OLDER = [
    {"v": 1, "seq": 1, "role": "user", "ts": 5, "parts": LOOK},
    {
        "v": 1,
        "seq": 2,
        "role": "model",
        "ts": 6,
        "parts": SIGNED,
        "model": "m",
        "usage": {"prompt_tokens": 3},
    },
]


def write(redis: redis_py.Redis, session: Session, shards: int, messages: Sequence[object]) -> list[bytes]:
    stored = [json.dumps(message).encode() for message in messages]
    meta, live, *_ = keys.of_session(session, shards)
    redis.hset(
        meta,
        mapping={
            "v": 2,
            "created_at": 1,
            "last": 2,
            "watermark": 0,
            "context_tokens": 9,
            "fence": 1,
            "mood": "calm",
        },
    )
    redis.rpush(live, *stored)
    redis.expire(meta, 600)
    redis.expire(live, 600)
    return stored


@pytest.mark.parametrize("messages", [NEWER, OLDER], ids=["newer", "older"])
def test_f33_a_session_of_another_version_is_answered_compacted_and_kept_to_the_byte(
    store: Store, redis: redis_py.Redis, session: Session, messages: Sequence[object]
) -> None:
    # Elsewhere a history that a newer version had written failed to load.
    stored = write(redis, session, store.settings.shards, messages)

    submit(store, session, Submission(parts=(Text("and now?"),)))
    turn = claim(store, session, "t")
    assert turn.context.messages[0].parts[1] == Other({"type": "hologram", "of": "a cat"})
    commit(store, turn, "so")
    snapshot = compactions.begin(store, session, "c")
    assert snapshot is not None
    assert bring(store, snapshot, 2) == "applied"

    archive = keys.of_session(session, store.settings.shards)[4]
    blocks = redis.lrange(archive, 0, -1)
    assert [message for block in blocks for _, message in unpack(block)] == stored
    assert redis.hget(keys.of_session(session, store.settings.shards)[0], "mood") == b"calm"
    assert [message.seq for message in sessions.transcript(store, session).messages] == [1, 2, 3, 4]
    assert turns.claim(store, session, "u", ceiling=1000) is None
