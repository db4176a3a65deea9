"""A user whom Redis refuses a command has a store that cannot serve: that is no bug of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from backscroll.errors import StoreUnavailable
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.settings import StoreSettings
from backscroll.store import sessions
from backscroll.store.redis import Store
from backscroll.store.server import describe
from tests.stack.guarded import guarded

USER = "backscroll-web"


@pytest.mark.parametrize("rule", ["-hset", "-evalsha", "-script|load", "resetkeys", "off"])
def test_a_refused_command_is_a_store_that_cannot_serve(tmp_path: Path, rule: str) -> None:
    with guarded(tmp_path) as server:
        server.admin.execute_command("ACL", "SETUSER", USER, rule)
        store = Store(StoreSettings(redis_url=server.url(USER)))
        with pytest.raises(StoreUnavailable) as caught:
            sessions.configure(store, Session("tests", "s"), SessionSettings())
        store.close()
    assert USER not in str(caught.value)


@pytest.mark.parametrize("rule", ["-config|get", "-config"])
def test_a_server_that_does_not_tell_how_it_is_configured_is_described_all_the_same(
    tmp_path: Path, rule: str
) -> None:
    with guarded(tmp_path) as server:
        server.admin.execute_command("ACL", "SETUSER", USER, "+info", "+time", "+config|get", rule)
        store = Store(StoreSettings(redis_url=server.url(USER)))
        (found,) = describe(store)
        store.close()
    assert found.version
    assert found.fsync is None
