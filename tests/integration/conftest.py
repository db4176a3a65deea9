"""The store alone, on a real Redis: scripts as Python calls them, without processes around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from backscroll.messages.part import Text
from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store.redis import Argument, Store
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import claim, commit
from tests.integration.remembering import Heard
from tests.stack.databases import Databases
from tests.stack.expiry import eternal


@pytest.fixture
def store(redis_server: EmbeddedRedis, redis: redis_py.Redis) -> Iterator[Store]:
    """A store with production's settings, and the check that every key expires."""
    found = Store(StoreSettings(redis_url=redis_server.url))
    yield found
    found.close()


@pytest.fixture
def own_store(databases: Databases) -> Iterator[Store]:
    """A store in a database of its own, for what is about a whole deployment."""
    with databases.own() as own:
        found = Store(StoreSettings(redis_url=own.redis))
        yield found
        found.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[tuple[redis_py.Redis, Store]]:
    """A Redis that nobody else calls, for who counts its calls, and a store on it."""
    server = embedded_redis.start(tmp_path / "alone", fsync="no")
    try:
        with (
            redis_py.Redis.from_url(server.url) as redis,
            closing(Store(StoreSettings(redis_url=server.url))) as found,
        ):
            yield redis, found
            assert eternal(redis) == []
    finally:
        server.stop()


@pytest.fixture
def nobody() -> Iterator[Store]:
    """A store that nobody answers."""
    found = Store(StoreSettings(redis_url="unix:///nowhere/redis.sock"))
    yield found
    found.close()


@pytest.fixture
def session(sid: str) -> Session:
    """A session that no other test uses."""
    return Session("tests", sid)


@pytest.fixture
def rid(store: Store, session: Session) -> str:
    """A reply that waits in the session's inbox."""
    return submit(store, session, Submission(parts=(Text("hello"),))).reply_id


@pytest.fixture
def talked(store: Store, session: Session) -> Callable[[int], None]:
    """Have turns in the session."""

    def talk(count: int) -> None:
        for number in range(count):
            submit(store, session, Submission(parts=(Text(f"said {number}"),)))
            commit(store, claim(store, session, f"t{number}"), f"answer {number}")

    return talk


@pytest.fixture
def eight_turns(talked: Callable[[int], None]) -> None:
    """Have eight turns in the session."""
    talked(8)


class ReplayingStore(Store):
    """Loses the first answer to every call, and makes the call again."""

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        super().run(name, session, *args)
        return super().run(name, session, *args)


@pytest.fixture
def replaying(store: Store) -> Iterator[Store]:
    """The same store to somebody whose connection is bad."""
    found = ReplayingStore(store.settings)
    yield found
    found.close()


class InterruptedStore(Store):
    """Lets others act before its next call of the script `script`."""

    script = ""

    def others(self) -> object: ...

    def run(self, name: str, session: Session, *args: Argument) -> Any:
        if name == self.script:
            self.script = ""
            self.others()
        return super().run(name, session, *args)


@pytest.fixture
def interrupted(store: Store) -> Iterator[Callable[[str, Callable[[], object]], Store]]:
    """Make the same store to somebody whom others forestall, at a named script."""
    made: list[Store] = []

    def make(script: str, others: Callable[[], object]) -> Store:
        found = InterruptedStore(store.settings)
        found.script, found.others = script, others  # type: ignore[method-assign]
        made.append(found)
        return found

    yield make
    for each in made:
        each.close()


@pytest.fixture
def open_store(redis_server: EmbeddedRedis, redis: redis_py.Redis) -> Iterator[Callable[[str], Store]]:
    """Open the store with these keys; every key in Redis must expire."""
    made: list[Store] = []

    def make(encryption_keys: str) -> Store:
        made.append(Store(StoreSettings(redis_url=redis_server.url, encryption_keys=encryption_keys)))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def workers(store: Store) -> Iterator[tuple[Heard, Heard]]:
    """Two processes that work on the same sessions."""
    found = Heard(store.settings), Heard(store.settings)
    yield found
    for each in found:
        each.close()
