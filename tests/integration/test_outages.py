"""The history store's Redis goes away in every way there is: what a call costs then, and when it is back."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from backscroll import metrics
from backscroll.errors import NotFound, StoreUnavailable
from backscroll.messages.part import Text
from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import events, meter, replies, sessions, submissions
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit
from tests.stack.conditions import until
from tests.stack.outages import Outage, full, read_only, restart_loading

SAID = Submission(parts=(Text("hello"),))
TIMEOUT = 1.0
# Seconds: a call that fails at once takes less, on a machine that has other things to do.
AT_ONCE = 0.4


@pytest.fixture(scope="module")
def ailing_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A Redis that may be killed, stopped, filled and turned into a replica."""
    with embedded_redis.running(tmp_path_factory.mktemp("own")) as server:
        yield server


@pytest.fixture
def store(ailing_redis: EmbeddedRedis) -> Iterator[Store]:
    found = Store(StoreSettings(redis_url=ailing_redis.url, store_timeout=TIMEOUT, probe_interval=0.1))
    yield found
    found.close()


@pytest.fixture
def reply_id(store: Store, session: Session) -> str:
    """A turn that was answered before the outage."""
    said = submissions.submit(store, session, SAID)
    commit(store, claim(store, session, "t"), "good day")
    return said.reply_id


def took(act: Callable[[], object]) -> float:
    """Give the seconds that a call takes which must fail."""
    start = time.monotonic()
    with pytest.raises(StoreUnavailable):
        act()
    return time.monotonic() - start


def serves_again(store: Store, session: Session) -> None:
    until("the store is back", lambda: not store.breaker.is_open, seconds=5)
    submissions.submit(store, session, SAID)


@pytest.fixture
def hung(ailing_redis: EmbeddedRedis, store: Store) -> Iterator[None]:
    store.ping()
    ailing_redis.process.send_signal(signal.SIGSTOP)
    yield
    ailing_redis.process.send_signal(signal.SIGCONT)


def test_a_redis_that_was_killed_costs_each_call_next_to_nothing_and_is_found_again(
    ailing_redis: EmbeddedRedis, store: Store, session: Session, reply_id: str
) -> None:
    ailing_redis.kill()
    spent = [took(lambda: replies.read(store, session, reply_id)) for _ in range(20)]
    assert max(spent) < AT_ONCE
    ailing_redis.restart()
    serves_again(store, session)
    assert replies.read(store, session, reply_id).text == "good day"


@pytest.mark.usefixtures("hung")
def test_a_redis_that_hangs_costs_one_call_its_timeout_and_no_other(
    ailing_redis: EmbeddedRedis, store: Store, session: Session
) -> None:
    assert took(lambda: submissions.submit(store, session, SAID)) < TIMEOUT + AT_ONCE
    spent = [took(lambda: submissions.submit(store, session, SAID)) for _ in range(20)]
    assert max(spent) < AT_ONCE
    ailing_redis.process.send_signal(signal.SIGCONT)
    serves_again(store, session)


@pytest.mark.usefixtures("hung")
def test_calls_that_wait_behind_those_that_hang_fail_with_them(store: Store, session: Session) -> None:
    with ThreadPoolExecutor(150) as pool:
        spent = list(pool.map(lambda _: took(lambda: submissions.submit(store, session, SAID)), range(150)))
    assert max(spent) < TIMEOUT + 2 * AT_ONCE, "not one timeout behind the other"


@pytest.mark.parametrize("takes_no_writes", [full, read_only])
def test_a_redis_that_takes_no_writes_refuses_them_at_once_and_is_read_as_ever(
    ailing_redis: EmbeddedRedis,
    store: Store,
    session: Session,
    reply_id: str,
    takes_no_writes: Outage,
) -> None:
    with takes_no_writes(ailing_redis):
        refused = [took(lambda: submissions.submit(store, session, SAID)) for _ in range(20)]
        reads_as_ever(store, session, reply_id)
    assert max(refused) < AT_ONCE
    assert not store.breaker.is_open
    submissions.submit(store, session, SAID)


def reads_as_ever(store: Store, session: Session, reply_id: str) -> None:
    assert replies.read(store, session, reply_id).text == "good day"
    assert len(sessions.transcript(store, session).messages) == 2
    assert sessions.state(store, session).turns == 1
    assert sessions.read_context(store, session).last == 2
    assert events.read(store, session, reply_id).ended
    meter.read(store)
    with pytest.raises(NotFound):
        replies.read(store, session, "r_nobody")


def test_a_redis_that_loads_its_data_is_down_until_it_has(
    ailing_redis: EmbeddedRedis, store: Store, session: Session
) -> None:
    store.ping()
    restart_loading(ailing_redis)
    assert took(lambda: submissions.submit(store, session, SAID)) < TIMEOUT + AT_ONCE
    spent = [took(lambda: submissions.submit(store, session, SAID)) for _ in range(20)]
    assert max(spent) < AT_ONCE
    assert store.breaker.is_open
    serves_again(store, session)


def test_an_outage_is_logged_where_it_begins_and_ends_and_counted_by_kind(
    ailing_redis: EmbeddedRedis,
    store: Store,
    session: Session,
    reply_id: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    loads_before, saves_before = metrics.LOAD_FAILURES._value.get(), metrics.SAVE_FAILURES._value.get()
    ailing_redis.kill()
    for _ in range(10):
        took(lambda: replies.read(store, session, reply_id))
    for _ in range(5):
        took(lambda: submissions.submit(store, session, SAID))
    ailing_redis.restart()
    serves_again(store, session)
    assert metrics.LOAD_FAILURES._value.get() == loads_before + 10
    assert metrics.SAVE_FAILURES._value.get() == saves_before + 5
    assert len(caplog.records) == 2, caplog.text
