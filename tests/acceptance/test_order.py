"""One session is answered in order, one turn at a time; many sessions at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack.api import Api, user_texts
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack


def test_f20_fifty_posts_at_once_to_one_session_are_fifty_turns_in_order(api: Api, sid: str) -> None:
    # Elsewhere requests read, appended and wrote, and the last writer won.
    with ThreadPoolExecutor(50) as pool:
        rids = list(pool.map(lambda n: api.submit(sid, f"message {n} of {sid}"), range(50)))
        replies = list(pool.map(lambda rid: api.ended(sid, rid), rids))

    messages = api.transcript(sid)
    by_seq = {reply["seq"]: number for number, reply in enumerate(replies)}
    assert [reply["status"] for reply in replies] == ["completed"] * 50
    assert user_texts(messages) == [f"message {by_seq[seq]} of {sid}" for seq in range(1, 100, 2)]
    in_order = sorted(replies, key=lambda reply: reply["seq"])
    ends = [reply["finished_at"] for reply in in_order]
    assert ends == sorted(ends), "replies complete in the order of the transcript"
    accepted = [reply["created_at"] for reply in in_order]
    assert accepted == sorted(accepted), "which is the order in which they were accepted"


def test_messages_that_wait_are_told_their_position(api: Api, model: OfflineModel, sid: str) -> None:
    with model.silent():
        positions = [api.post(sid, f"message {n} of {sid}").json()["position"] for n in range(4)]
    assert positions == [0, 1, 2, 3]
    api.until_session(sid, "all are answered", lambda state: not state["pending"])


def test_many_sessions_are_answered_at_the_same_time(api: Api, model: OfflineModel, sid: str) -> None:
    names = [f"{sid}-{number}" for number in range(10)]
    with model.silent():
        rids = [api.submit(name, f"hello from {sid}") for name in names]
        for name in names:
            api.until_session(name, "its turn is in work, as the others are", lambda state: state["in_work"])
    replies = [api.ended(name, rid) for name, rid in zip(names, rids, strict=True)]
    assert max(r["started_at"] for r in replies) < min(r["finished_at"] for r in replies)


@pytest.fixture(scope="module")
def small_deployment(make_lasting_stack: Callable[..., Stack]) -> Api:
    stack = make_lasting_stack(BACKSCROLL_WORKER_THREADS="2", BACKSCROLL_INBOX_LIMIT="5")
    return stack.start("replies")


@pytest.fixture
def small(small_deployment: Api, model: OfflineModel) -> Api:
    """A deployment of two threads, with room for five messages a session."""
    return small_deployment


def test_a_busy_session_leaves_the_other_thread_of_a_worker_free(
    small: Api, model: OfflineModel, sid: str
) -> None:
    model.fault("delay", seconds=2, match=f"slow {sid}", count=5)
    slow = [small.submit(sid, f"slow {sid} {number}") for number in range(5)]
    quick = [small.say(f"{sid}-other", f"quick {number}") for number in range(3)]
    assert quick[-1]["finished_at"] < small.ended(sid, slow[-1])["finished_at"]


def test_a_full_inbox_turns_further_messages_away(small: Api, model: OfflineModel, sid: str) -> None:
    with model.silent():
        for number in range(5):
            small.submit(sid, f"message {number} of {sid}")
        refused = small.post(sid, "one too many")
    assert (refused.status_code, refused.json()["code"]) == (429, "inbox_full")
    assert int(refused.headers["Retry-After"]) >= 1
    small.until_session(sid, "all are answered", lambda state: not state["pending"])
    assert len(small.transcript(sid)) == 10


def test_a_client_may_ask_to_be_rejected_while_the_session_is_busy(
    api: Api, model: OfflineModel, sid: str
) -> None:
    with model.silent():
        rid = api.submit(sid, f"hello from {sid}", on_busy="reject")
        refused = api.post(sid, "me too", on_busy="reject")
    assert (refused.status_code, refused.json()["code"]) == (409, "session_busy")
    api.ended(sid, rid)
    api.say(sid, "now then", on_busy="reject")


def test_f27_two_senders_at_the_same_moment_both_queue(api: Api, model: OfflineModel, sid: str) -> None:
    # Elsewhere a heartbeat and a user message collided: 409, and the user's message was lost.
    model.fault("delay", seconds=0.5, match=sid)
    with ThreadPoolExecutor(2) as pool:
        rids = list(
            pool.map(lambda text: api.submit(sid, text), [f"heartbeat of {sid}", f"hello from {sid}"])
        )
    assert [api.ended(sid, rid)["status"] for rid in rids] == ["completed"] * 2
    assert sorted(user_texts(api.transcript(sid))) == [f"heartbeat of {sid}", f"hello from {sid}"]


def test_f28_who_waits_hears_of_the_end_whenever_they_came(api: Api, model: OfflineModel, sid: str) -> None:
    # Elsewhere a lost end marker hung those who listened, and those who came late saw nothing.
    with ThreadPoolExecutor(20) as pool:
        with model.silent():
            rid = api.submit(sid, f"hello from {sid}")
            early = [pool.submit(api.ended, sid, rid) for _ in range(10)]
            api.until_session(sid, "the turn is in work", lambda state: state["in_work"])
            during = [pool.submit(api.ended, sid, rid) for _ in range(10)]
        heard = [each.result() for each in early + during]
    assert [api.reply(sid, rid, wait=20)] * 20 == heard


def test_a_burst_merges_into_one_turn(api: Api, model: OfflineModel, sid: str) -> None:
    with model.silent():
        first = api.submit(sid, f"first of {sid}")
        api.until_session(sid, "the first turn is in work", lambda state: state["in_work"])
        rids = {api.submit(sid, text, on_busy="merge") for text in ("second, ", "third, ", "fourth")}
    assert len(rids) == 1
    api.ended(sid, first)
    assert api.ended(sid, rids.pop())["status"] == "completed"
    assert user_texts(api.transcript(sid)) == [f"first of {sid}", "second, third, fourth"]
    assert len(model.requests("reply", containing=sid)) == 2


def test_a_message_sent_again_after_its_end_gets_its_answer_at_once(api: Api, sid: str) -> None:
    first = api.post(sid, "once only", {"Idempotency-Key": "k"})
    ended = api.ended(sid, first.json()["id"])
    again = api.post(sid, "once only", {"Idempotency-Key": "k"})
    assert (again.status_code, again.json()) == (200, ended)
