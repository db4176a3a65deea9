"""Every change of a session is one script, and nothing beside it: there is no moment between two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files

import redis as redis_py

from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store import compactions, replies, sessions, turns
from backscroll.store.recover import recover
from backscroll.store.redis import Store
from backscroll.store.replies import ReplyError
from backscroll.store.restore import restore
from backscroll.store.scripts import script
from backscroll.store.submissions import Submission, submit
from tests.integration.acting import begin, bring, claim, commit, talk
from tests.integration.recovering import degraded

Sent = Callable[[Callable[[], object]], list[str]]

SCRIPTS = {
    script(name).sha: name
    for name in (
        each.name.removesuffix(".lua")
        for each in files("backscroll.store").joinpath("lua").iterdir()
        if each.is_file()
    )
}


@contextmanager
def overhearing(redis: redis_py.Redis) -> Iterator[Sent]:
    """Tell what clients send while something is done: commands, and the names of those that are scripts.

    What scripts do is part of them.
    """
    for sha in SCRIPTS:
        redis.script_load(script(SCRIPTS[sha]).text)  # or a server that is new to one is told it first
    with redis.monitor() as monitor:

        def sent(act: Callable[[], object]) -> list[str]:
            act()
            redis.echo("that was all")
            found: list[str] = []
            while (command := monitor.next_command())["command"] != "ECHO that was all":
                if command["client_type"] != "lua":
                    name, *words = command["command"].split()
                    found.append(SCRIPTS[words[0]] if name == "EVALSHA" else name)
            return found

        sent(lambda: None)  # a connection is opened
        yield sent


def say(store: Store, session: Session) -> None:
    submit(store, session, Submission(parts=(Text("hi"),)))


def test_f21_every_change_of_a_session_is_one_script(
    alone: tuple[redis_py.Redis, Store], session: Session
) -> None:
    # Elsewhere separate DEL, RPUSH and SET destroyed a history on a crash between them.
    redis, store = alone
    talk(store, session, 4)
    with overhearing(redis) as sent:
        assert sent(lambda: sessions.configure(store, session, SessionSettings(ttl=900.0))) == ["configure"]
        assert sent(lambda: say(store, session)) == ["submit"]
        assert sent(lambda: turns.renew(store, [(session, "no one")])) == ["renew"]
        assert sent(lambda: turns.snooze(store, claim(store, session, "a"), 0)) == ["claim", "snooze"]
        turn = claim(store, session, "b")
        assert sent(lambda: turns.renew(store, [(session, "b")])) == ["claim", "renew"]
        assert sent(lambda: commit(store, turn)) == ["commit"]
        say(store, session)
        turn = claim(store, session, "c")
        error = ReplyError("blocked", "no", retryable=False)
        failing = sent(lambda: turns.fail(store, turn, error, go_on=True, ceiling=1000))
        assert failing == ["submit", "claim", "fail"]
        waits = submit(store, session, Submission(parts=(Text("hi"),))).reply_id
        assert sent(lambda: replies.cancel(store, session, waits)) == ["submit", "cancel"]


def test_f21_every_change_that_a_compaction_makes_is_one_script(
    alone: tuple[redis_py.Redis, Store], session: Session
) -> None:
    redis, store = alone
    talk(store, session, 4)
    with overhearing(redis) as sent:
        assert sent(lambda: compactions.request(store, session)) == ["request_compaction"]
        assert sent(lambda: compactions.finish(store, begin(store, session, "a"))) == [
            "begin_compaction",
            "end_compaction",
        ]
        snapshot = begin(store, session, "b")
        say(store, session)
        turn = claim(store, session, "t")
        assert sent(lambda: bring(store, snapshot, 4)) == [
            "begin_compaction",
            "submit",
            "claim",
            "write_back",
        ]
        assert sent(lambda: commit(store, turn)) == ["commit"], "which applies the offer"
        looks = ["begin_restore"] * 2  # of which neither changes anything here: no offer waits
        assert sent(lambda: restore(store, session, budget=1000)) == [*looks, "restore"]
        assert sessions.state(store, session).chapters == ()


def test_f21_a_turn_comes_home_and_a_session_goes_by_one_script(
    alone: tuple[redis_py.Redis, Store], session: Session
) -> None:
    redis, store = alone
    store.ping()
    with overhearing(redis) as sent:
        assert sent(lambda: recover(store, degraded(session))) == ["recover"]
        # Into a history it is brought a second time: at first it is only told where that ends.
        assert sent(lambda: recover(store, degraded(session))) == ["recover"] * 2
        assert sent(lambda: sessions.delete(store, session)) == ["delete"]
