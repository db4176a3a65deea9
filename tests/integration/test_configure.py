"""A session's settings in the store: set before, between and during turns."""

from __future__ import annotations

import redis as redis_py

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store import keys, turns
from backscroll.store.events import append, delta, pack
from backscroll.store.redis import Store
from backscroll.store.sessions import configure, delete, state
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import claim, commit

DAY = 86_400_000  # ms

CAREFUL = SessionSettings(
    model="gemini-x",
    system_instruction="Be brief.",
    generation_config={"temperature": 0.5},
    safety_settings=({"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"},),
    tools=({"functionDeclarations": [{"name": "look_up"}]},),
    tool_config={"functionCallingConfig": {"mode": "AUTO"}},
    ttl=120.0,
)


def test_a_session_begins_with_its_settings(replaying: Store, session: Session) -> None:
    configure(replaying, session, CAREFUL)
    found = state(replaying, session)
    assert found.settings == CAREFUL
    assert (found.messages, found.pending) == (0, ())


def test_only_the_first_call_begins_the_session(store: Store, session: Session) -> None:
    assert configure(store, session, CAREFUL) is True
    assert configure(store, session, CAREFUL) is False


def test_a_turn_has_the_settings_of_the_moment_at_which_it_begins(store: Store, session: Session) -> None:
    submit(store, session, Submission(parts=(Text("one"),)))
    submit(store, session, Submission(parts=(Text("two"),)))
    configure(store, session, CAREFUL)
    first = claim(store, session, "t")
    assert first.settings == CAREFUL
    configure(store, session, SessionSettings(model="gemini-y"))
    second = commit(store, first, "so", go_on=True).next_turn
    assert second is not None
    assert second.settings == SessionSettings(model="gemini-y")


def test_settings_replace_those_before_them(store: Store, session: Session) -> None:
    configure(store, session, CAREFUL)
    configure(store, session, SessionSettings())
    found = state(store, session)
    assert found.settings == SessionSettings()
    assert found.expires_in == store.settings.session_ttl


def test_a_session_has_the_time_to_live_of_its_settings(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    submit(store, session, Submission(parts=(Text("one"),)))
    commit(store, claim(store, session, "t"), "so")
    configure(store, session, CAREFUL)
    assert state(store, session).expires_in == 120.0
    left = {key: redis.pttl(key) for key in redis.scan_iter(f"*{session}:live*")}
    assert left
    assert all(0 < ms <= 120_000 for ms in left.values())


def test_a_deleted_session_has_its_settings_no_more(store: Store, session: Session) -> None:
    configure(store, session, CAREFUL)
    delete(store, session)
    assert configure(store, session, SessionSettings()) is True
    assert state(store, session).settings == SessionSettings()


def test_a_short_time_to_live_takes_no_message_that_waits_or_is_in_work(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    def left() -> dict[str, int]:
        mine = [key.decode() for key in redis.scan_iter(f"*{session}:*")]
        shard = keys.of_shard(session.shard(store.settings.shards))[0]
        return {key: redis.pttl(key) for key in [*mine, shard] if not key.endswith(":lock")}

    configure(store, session, SessionSettings(ttl=1.0))
    submit(store, session, Submission(parts=(Text("one"),)))
    waits = submit(store, session, Submission(parts=(Text("two"),))).reply_id
    assert min(left().values()) > DAY
    first = claim(store, session, "t")
    append(store, [(first, pack([(1, [delta("so", thought=False)])]))])
    assert min(ms for key, ms in left().items() if ":events:" not in key) > DAY
    assert min(left().values()) > 1000
    second = commit(store, first, "so", go_on=True).next_turn
    assert second is not None
    assert second.reply_id == waits
    commit(store, second, "so")
    assert max(ms for key, ms in left().items() if str(session) in key and first.reply_id not in key) <= 1000


def test_a_turn_that_nobody_could_answer_keeps_its_session_no_longer(
    store: Store, redis: redis_py.Redis, session: Session
) -> None:
    configure(store, session, SessionSettings(ttl=1.0))
    submit(store, session, Submission(parts=(Text("one"),)))
    for attempt in range(store.settings.max_attempts):
        claim(store, session, f"t{attempt}")
        redis.delete(next(redis.scan_iter(f"*{session}:lock")))
    assert turns.claim(store, session, "t", ceiling=1000) is None
    assert max(redis.pttl(key) for key in redis.scan_iter(f"*{session}:*")) <= 1000
