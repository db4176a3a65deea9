"""Which keys the history still needs: counted wherever a key may have sealed something."""

from __future__ import annotations

import json

import pytest
import redis as redis_py
from click.testing import CliRunner

from backscroll.cli import main
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.session import Session
from backscroll.store import sessions
from backscroll.store.sealed_with import sealed_with
from tests.integration.living import ONE, TWO, OpenStore, live_through


@pytest.fixture
def lived(open_store: OpenStore, redis: redis_py.Redis, session: Session) -> int:
    """Count what the key `one` has sealed in a session that has been through everything."""
    for key in redis.scan_iter("bs:*"):
        redis.delete(key)
    live_through(open_store(ONE), session)
    once = ["settings", "chapter", "ledger", "what changed of it", "block", "error"]
    media_and_their_digests, live, requests, answers, fingerprints, told = 4, 6, 2, 4, 2, 6
    return len(once) + media_and_their_digests + live + requests + answers + fingerprints + told


def test_every_value_that_a_key_has_sealed_is_counted(
    open_store: OpenStore, session: Session, lived: int
) -> None:
    rotated = open_store(f"{TWO},{ONE}")
    assert {name: (used.values, used.sessions) for name, used in sealed_with(rotated).items()} == {
        "one": (lived, 1)
    }
    for number in range(2):
        sessions.configure(rotated, Session("tests", f"{session.id}-{number}"), sessions.SessionSettings())
    assert sealed_with(rotated)["two"].sessions == 2


def test_nothing_is_counted_where_nothing_is_sealed(
    open_store: OpenStore, redis: redis_py.Redis, session: Session, lived: int
) -> None:
    store = open_store(ONE)
    sessions.delete(store, session)
    live_through(open_store(""), session)
    assert sealed_with(store) == {}


def test_the_command_names_a_key_that_is_needed_and_missing(redis_server: EmbeddedRedis, lived: int) -> None:
    def used(encryption_keys: str, *options: str) -> tuple[int, str]:
        environ = {"REDIS_URL": redis_server.url, "BACKSCROLL_ENCRYPTION_KEYS": encryption_keys}
        done = CliRunner().invoke(main, ["keys", "used", *options], env=environ)
        return done.exit_code, done.output

    code, said = used(f"{TWO},{ONE}")
    assert (code, said.split()) == (0, ["one", f"{lived}", "values", "1", "sessions"])
    code, said = used(TWO)
    assert (code, "MISSING" in said) == (1, True)
    code, said = used(ONE, "--json")
    assert (code, json.loads(said)) == (0, {"one": {"values": lived, "sessions": 1}})
