"""The history store goes away and comes back: who talks meanwhile is answered, and nothing of it is lost."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import redis as redis_py

from backscroll.messages.media import inline
from backscroll.messages.part import to_stored
from backscroll.running import embedded_redis
from backscroll.running.embedded_redis import EmbeddedRedis
from tests.stack.api import Api, user_texts
from tests.stack.conditions import until
from tests.stack.databases import Databases
from tests.stack.expiry import eternal
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

Json = dict[str, Any]


class Outages:
    """A deployment whose history store can be taken away."""

    def __init__(self, stack: Stack, history: EmbeddedRedis) -> None:
        self.stack = stack
        self.history = history
        self.api = stack.start("replies")
        self.spool = stack.spool

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Have no history store within the block; then it is back with its data, and has what was said."""
        self.history.kill()
        try:
            yield
        finally:
            self.history.restart()
        self.merged()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have one that hangs, and afterwards hears all that was said to it meanwhile."""
        self.history.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.history.process.send_signal(signal.SIGCONT)
        self.merged()

    def merged(self) -> None:
        until("the store is known to be back", self.api.ready)
        until("nothing is left in the spool", lambda: not list(self.spool.glob("*.spool")))


@pytest.fixture(scope="module")
def _outages(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases, offline_model: OfflineModel
) -> Iterator[Outages]:
    history = embedded_redis.start(tmp_path_factory.mktemp("history"))
    with databases.own() as own:
        stack = Stack(
            tmp_path_factory.mktemp("outages"),
            history.url,
            own.broker,
            offline_model,
            BACKSCROLL_DEGRADED_DEADLINE="2",
            BACKSCROLL_DEGRADED_TURNS="4",
        )
        yield Outages(stack, history)
        stack.stop()
    with redis_py.Redis.from_url(history.url) as client:
        assert eternal(client) == []
    history.stop()


@pytest.fixture
def outages(_outages: Outages, model: OfflineModel) -> Outages:
    """The deployment, with nothing down."""
    return _outages


@pytest.fixture
def api(outages: Outages) -> Api:
    return outages.api


def degraded(response: httpx2.Response) -> Json:
    """Give the reply that says that it was answered without the history."""
    assert response.status_code == 200, response.text
    reply: Json = response.json()
    assert (reply["degraded"], reply["degraded_reason"]) == (True, "store_unavailable")
    return reply


def unavailable(response: httpx2.Response) -> bool:
    problem = response.json()
    return (
        response.status_code == 503
        and problem["code"] == "store_unavailable"
        and int(response.headers["Retry-After"]) > 0
    )


def test_f24_a_turn_in_an_outage_is_answered_and_no_read_says_that_there_is_nothing(
    outages: Outages, api: Api, sid: str
) -> None:
    # Elsewhere a read error was answered "not found", and the client began anew over what was there.
    before = api.say(sid, "before")
    path = f"/v1/sessions/{sid}"
    with outages.killed():
        response = api.post(sid, "in the outage")
        reply = degraded(response)
        assert (reply["status"], reply["recorded"], reply["error"]) == ("completed", True, None)
        assert reply["text"]
        location = response.headers["Content-Location"]
        assert api.http.get(location).json() == reply
        for read in ("", "/history", "/history?view=context", f"/replies/{before['id']}", "/replies/r_none"):
            assert unavailable(api.http.get(path + read)), read
        assert unavailable(api.http.delete(path))
    kept = api.reply(sid, reply["id"])
    assert kept == reply | {"seq": 3}
    assert api.say(sid, "after")["degraded"] is False
    messages = api.transcript(sid)
    assert user_texts(messages) == ["before", "in the outage", "after"]
    assert messages[3]["text"] == reply["text"]
    assert [message["recovered"] for message in messages] == [False, False, True, True, False, False]


def test_turns_of_one_outage_know_of_one_another_and_begin_a_session(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    with outages.killed():
        first = degraded(api.post(sid, "The code is PLUM-7."))
        degraded(api.post(sid, "Which code?"))
        asked = model.requests("reply")[-1]["body"]["contents"]
    assert [content["role"] for content in asked] == ["user", "model", "user"]
    assert "PLUM-7" in json.dumps(asked[0])
    assert first["text"] in asked[1]["parts"][0]["text"]
    assert user_texts(api.transcript(sid)) == ["The code is PLUM-7.", "Which code?"]


def test_the_first_turn_behind_an_outage_knows_of_it(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    outages.history.kill()
    degraded(api.post(sid, "The code is PLUM-8."))
    outages.history.restart()
    until("the store is known to be back", api.ready)
    api.say(sid, "And now?")
    asked = model.requests("reply", "And now?")[-1]["body"]["contents"]
    assert "PLUM-8" in json.dumps(asked[0])
    assert user_texts(api.transcript(sid)) == ["The code is PLUM-8.", "And now?"]


def test_what_a_session_was_told_to_obey_is_obeyed(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    api.http.put(
        f"/v1/sessions/{sid}", json={"system_instruction": "Never speak of prices."}
    ).raise_for_status()
    with outages.killed():
        degraded(api.post(sid, "How much?"))
        assert "Never speak of prices." in json.dumps(model.requests("reply")[-1]["body"])


def test_an_idempotency_key_gives_one_reply_in_the_outage_and_after_it(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    key = {"Idempotency-Key": "k-1"}
    with outages.killed():
        with ThreadPoolExecutor(3) as clients:
            responses = list(clients.map(lambda _: api.post(sid, "once", headers=key), range(3)))
        ids = {degraded(response)["id"] for response in responses}
        assert len(model.requests("reply", "once")) == 1
        other = api.post(sid, "something else", headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    again = api.post(sid, "once", headers=key)
    assert (again.status_code, {again.json()["id"]}) == (200, ids)
    assert user_texts(api.transcript(sid)) == ["once"]


def test_a_call_that_hung_and_is_heard_later_says_nothing_twice(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    api.say(sid, "before")
    # The worker that hears of it is slower than the merge: what it answers is not wanted any more.
    with outages.stopped():
        reply = degraded(api.post(sid, "while it hangs"))
        model.fault("delay", seconds=3, target="reply")
    messages = api.transcript(sid)
    assert user_texts(messages) == ["before", "while it hangs"]
    assert (messages[3]["text"], messages[3]["recovered"]) == (reply["text"], True)
    assert api.session(sid)["pending"] == []
    assert api.say(sid, "after")["seq"] == 5


def test_media_are_shown_to_the_model_and_kept(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    parts = [{"text": "What is this?"}, to_stored(inline("image/png", picture))]
    with outages.killed():
        degraded(api.http.post(f"/v1/sessions/{sid}/messages", json={"parts": parts}))
        assert "inlineData" in json.dumps(model.requests("reply")[-1]["body"])
    shown = api.transcript(sid)[0]["parts"][1]["inlineData"]
    assert api.http.get(f"/v1/sessions/{sid}/media/{shown['sha256']}").content == picture


def test_what_does_not_fit_below_the_ceiling_is_refused_in_an_outage_too(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    rules = {"system_instruction": "Be brief. " * 6000}
    api.http.put(f"/v1/sessions/{sid}", json=rules).raise_for_status()
    document = to_stored(inline("application/pdf", bytes(6 * 2**20)))
    with outages.killed():
        asked = len(model.requests("reply"))
        for parts in ([document], [to_stored(inline("image/png", b"%d" % n)) for n in range(64)]):
            refused = api.http.post(f"/v1/sessions/{sid}/messages", json={"parts": parts})
            assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
            assert "40,000" in refused.json()["detail"]
        assert len(model.requests("reply")) == asked
        degraded(api.post(sid, "only words"))


def test_what_the_model_refuses_is_told_and_leaves_no_message(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    with outages.killed():
        model.fault("blocked", target="reply")
        reply = degraded(api.post(sid, "refused"))
        assert (reply["status"], reply["error"]["retryable"]) == ("failed", False)
    assert api.reply(sid, reply["id"]) == reply
    assert api.transcript(sid) == []


def test_with_the_model_down_too_a_client_is_told_to_come_again(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    with outages.killed():
        model.fault("503", target="reply", count=100)
        assert unavailable(api.post(sid, "nobody is there"))
        model.reset()
        degraded(api.post(sid, "somebody is there"))
    assert user_texts(api.transcript(sid)) == ["somebody is there"]


def test_no_more_than_so_many_are_answered_at_a_time(
    outages: Outages, api: Api, model: OfflineModel, sid: str
) -> None:
    with outages.killed():
        model.fault("delay", seconds=1, target="reply", count=4)
        with ThreadPoolExecutor(7) as clients:
            responses = list(clients.map(lambda number: api.post(f"{sid}-{number}", "at once"), range(7)))
        turned_away = [response for response in responses if response.status_code != 200]
        assert len(turned_away) == 3
        assert all(map(unavailable, turned_away))


def test_a_spool_that_cannot_be_written_stops_no_answer(outages: Outages, api: Api, sid: str) -> None:
    outages.spool.mkdir(exist_ok=True)
    aside = outages.spool.with_name("aside")
    outages.spool.rename(aside)
    outages.spool.write_text("a file where the folder should be")
    with outages.killed():
        reply = degraded(api.post(sid, "not recorded"))
        assert (reply["status"], reply["recorded"]) == ("completed", False)
        outages.spool.unlink()
        aside.rename(outages.spool)
        assert api.reply(sid, reply["id"]) == reply
    assert api.http.get(f"/v1/sessions/{sid}").status_code == 404


def test_what_a_killed_web_process_has_spooled_another_one_brings_home(outages: Outages, sid: str) -> None:
    second = outages.stack.web()
    process = outages.stack.processes[-1]
    with outages.killed():
        degraded(second.post(sid, "from the one that dies"))
        process.kill()
        degraded(outages.api.post(sid, "from the one that lives"))
    assert user_texts(outages.api.transcript(sid)) == ["from the one that dies", "from the one that lives"]
    assert all("from the one" not in log.read_text() for log in outages.stack.directory.glob("*.log"))
