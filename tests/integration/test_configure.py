"""A session's settings in the store: set before, between and during turns."""

from __future__ import annotations

import redis as redis_py

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store.redis import Store
from backscroll.store.replies import Submission, submit
from backscroll.store.sessions import configure, delete, state
from tests.integration.acting import claim, commit

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
