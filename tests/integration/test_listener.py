"""Listening while Redis comes and goes: whoever listens learns that something may have been missed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_py

from backscroll.running.embedded_redis import EmbeddedRedis
from backscroll.settings import StoreSettings
from backscroll.store import listener
from backscroll.store.listener import Listener
from backscroll.store.redis import Store
from tests.stack.conditions import until

SAID = "in confidence"


class Hears:
    """Listens, and notes what it was told."""

    def __init__(self, url: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.missed: list[str] = []
        self.store = Store(StoreSettings(redis_url=url))
        self.listener = Listener(self.store, heard=self._hear, missed=self._miss)
        self.stumbles = 0

    def _hear(self, channel: str, said: bytes) -> None:
        self.heard.append((channel, said))
        self._stumble()

    def _miss(self, channel: str) -> None:
        self.missed.append(channel)
        self._stumble()

    def _stumble(self) -> None:
        """Fail as nobody expects, so many times."""
        if self.stumbles:
            self.stumbles -= 1
            raise RuntimeError(SAID)

    def listens_to(self, *channels: str) -> None:
        until(f"it listens to {channels}", lambda: set(channels) <= set(self.missed))
        self.missed.clear()

    def close(self) -> None:
        self.listener.close()
        self.store.close()


@pytest.fixture
def hears(own_redis: EmbeddedRedis) -> Iterator[Hears]:
    found = Hears(own_redis.url)
    yield found
    found.close()


def test_a_redis_that_was_killed_is_listened_to_again_when_it_is_back(
    hears: Hears, own_redis: EmbeddedRedis
) -> None:
    assert not hears.listener.listen("one")
    hears.listens_to("one")
    assert hears.listener.listen("one")
    own_redis.kill()
    assert not hears.listener.listen("two")
    until("nothing stands any more", lambda: not hears.listener.listen("one"))
    own_redis.restart()
    hears.listens_to("one", "two")
    with redis_py.Redis.from_url(own_redis.url) as redis:
        for channel in ("one", "two"):
            assert redis.publish(channel, "hello") == 1
    until("both were heard", lambda: hears.heard == [("one", b"hello"), ("two", b"hello")])


def test_a_connection_that_says_nothing_has_to_answer_or_is_made_anew(
    hears: Hears, own_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_SILENCE", 0.1)
    hears.listener.listen("one")
    hears.listens_to("one")
    with redis_py.Redis.from_url(own_redis.url, socket_timeout=10) as redis:

        def pings() -> int:
            return int(redis.info("commandstats").get("cmdstat_ping", {}).get("calls", 0))

        before = pings()
        until("it was asked, and has answered", lambda: pings() > before + 1)
        assert hears.missed == [], "it stands as it stood"
        monkeypatch.setattr(listener, "_ANSWER", 0.1)
        redis.client_pause(2000)  # as if the other side were gone: nobody answers
        hears.listens_to("one")


def test_a_channel_that_was_left_is_heard_no_more_and_can_be_listened_to_again(
    hears: Hears, own_redis: EmbeddedRedis
) -> None:
    for channel in ("one", "two"):
        hears.listener.listen(channel)
    hears.listens_to("one", "two")
    hears.listener.leave("one")
    assert hears.listener.listen("one"), "nobody has noticed"
    hears.listener.leave("one")
    with redis_py.Redis.from_url(own_redis.url) as redis:
        until("nobody listens to it", lambda: dict(redis.pubsub_numsub("one"))[b"one"] == 0)
        redis.publish("one", "hello")
        redis.publish("two", "hello")
        until("the other one was heard", lambda: hears.heard == [("two", b"hello")])
        assert hears.missed == []
        assert not hears.listener.listen("one")
        hears.listens_to("one")


def test_many_who_want_to_listen_at_once_all_do_over_one_connection(
    hears: Hears, own_redis: EmbeddedRedis
) -> None:
    names = [f"channel {number}" for number in range(200)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(hears.listener.listen, names))
    hears.listens_to(*names)
    with redis_py.Redis.from_url(own_redis.url) as redis:
        assert len(redis.client_list(_type="pubsub")) == 1


def test_who_stumbles_over_what_is_heard_has_missed_it_and_hears_what_follows(
    hears: Hears, own_redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture
) -> None:
    hears.stumbles = 1
    hears.listener.listen("one")
    hears.listens_to("one")
    until("it has stumbled", lambda: not hears.stumbles)
    hears.stumbles = 2
    with redis_py.Redis.from_url(own_redis.url) as redis:
        redis.publish("one", "hello")
        until("it was missed", lambda: hears.missed == ["one"] and not hears.stumbles)
        redis.publish("one", "and again")
        until("that is heard", lambda: hears.heard == [("one", b"hello"), ("one", b"and again")])
        assert len(redis.client_list(_type="pubsub")) == 1
    assert hears.missed == ["one"], "it stood all the time"
    assert caplog.text.count("unexpected RuntimeError") == 3
    assert SAID not in caplog.text


def test_a_connection_that_fails_as_nobody_expected_is_made_anew(
    hears: Hears, own_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect = hears.store.servers.listening
    failed: list[bool] = []

    def fails_once() -> redis_py.Redis:
        if not failed:
            failed.append(True)
            raise AttributeError(SAID)
        return connect()

    monkeypatch.setattr(hears.store.servers, "listening", fails_once)
    hears.listener.listen("one")
    hears.listens_to("one")
    assert failed
    assert "not listening: unexpected AttributeError" in caplog.text
    assert SAID not in caplog.text
