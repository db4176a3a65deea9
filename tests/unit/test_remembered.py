"""What a web process remembers for an outage, and that it does not remember without an end."""

from __future__ import annotations

import time

import msgspec
import pytest

from backscroll.errors import InvalidRequest
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.session_settings import SessionSettings
from backscroll.store.recover import Answered, DegradedTurn
from backscroll.store.submissions import Submission, idempotency
from web.remembered import Remembered

MIB = 1024 * 1024
SESSION = Session("acme", "one")


def turn(reply_id: str, at: int, session: Session = SESSION, said: Submission | None = None) -> DegradedTurn:
    return DegradedTurn(
        session=session,
        reply_id=reply_id,
        reason="store_unavailable",
        accepted_at=at,
        finished_at=at,
        request=(Text("hello"),),
        answer=Answered(parts=(Text("hi"),), model="m", asked="m", usage=Usage(), complete=True),
        idempotency=idempotency(said) if said else ("", ""),
    )


def test_a_sessions_turns_are_given_in_order_of_time_until_they_are_settled() -> None:
    found = Remembered()
    late, early, other = turn("r_2", 2), turn("r_1", 1), turn("r_3", 3, Session("acme", "other"))
    for each in (late, early, other):
        found.add(each, 100, recorded=True)
    assert found.turns(SESSION) == (early, late)
    found.settled(early)
    assert found.turns(SESSION) == (late,)
    assert found.reply(SESSION, "r_1") is None


def test_a_reply_says_whether_it_was_recorded() -> None:
    found = Remembered()
    found.add(turn("r_1", 1), 100, recorded=False)
    reply = found.reply(SESSION, "r_1")
    assert reply is not None
    assert (reply.text, reply.degraded, reply.recorded) == ("hi", "store_unavailable", False)


def test_f36_another_tenant_has_none_of_it() -> None:
    found = Remembered()
    said = Submission(parts=(Text("hello"),), idempotency_key="k")
    found.add(turn("r_1", 1, said=said), 100, recorded=True)
    found.saw(SESSION, SessionSettings(system_instruction="secret"))
    other = Session("initech", "one")
    assert found.reply(other, "r_1") is None
    assert found.repeated(other, said) is None
    assert found.turns(other) == ()
    assert found.settings(other) == SessionSettings()


def test_the_same_key_gives_the_same_reply_and_another_message_with_it_is_refused() -> None:
    found = Remembered()
    said = Submission(parts=(Text("hello"),), idempotency_key="k")
    found.add(turn("r_1", 1, said=said), 100, recorded=True)
    again = found.repeated(SESSION, said)
    assert again is not None
    assert again.id == "r_1"
    with pytest.raises(InvalidRequest, match="another message"):
        found.repeated(SESSION, msgspec.structs.replace(said, parts=(Text("bye"),)))


def test_the_oldest_turns_go_when_there_are_too_many_bytes() -> None:
    found = Remembered()
    for number in range(5):
        found.add(turn(f"r_{number}", number), 20 * MIB, recorded=True)
    assert [each.reply_id for each in found.turns(SESSION)] == ["r_2", "r_3", "r_4"]


def test_settings_are_those_last_seen_and_bounded_too() -> None:
    found = Remembered()
    found.saw(SESSION, SessionSettings(system_instruction="first"))
    found.saw(SESSION, SessionSettings(system_instruction="second"))
    assert found.settings(SESSION).system_instruction == "second"
    for number in range(20):
        found.saw(Session("acme", f"s{number}"), SessionSettings(system_instruction="x" * MIB))
    assert found.settings(SESSION) == SessionSettings()
    assert found.settings(Session("acme", "s19")).system_instruction is not None


def test_nothing_is_left_of_a_session_that_was_deleted() -> None:
    found = Remembered()
    found.add(turn("r_1", 1), 100, recorded=True)
    found.saw(SESSION, SessionSettings(system_instruction="secret"))
    found.forget(SESSION)
    assert found.turns(SESSION) == ()
    assert found.settings(SESSION) == SessionSettings()


def test_a_session_knows_those_of_its_turns_that_are_still_remembered() -> None:
    found = Remembered()
    turns = [turn(f"r_{number}", number) for number in range(4)]
    for each in turns:
        found.add(each, 20 * MIB, recorded=True)
    assert found.turns(SESSION) == tuple(turns[1:])
    found.forget(SESSION)
    assert found.turns(SESSION) == ()
    found.add(turns[0], 100 * MIB, recorded=True)
    assert found.turns(SESSION) == (), "one that is too large for all of it"
    found.add(turns[1], 20 * MIB, recorded=True)
    assert found.turns(SESSION) == (turns[1],)


def test_what_others_said_does_not_make_a_session_wait() -> None:
    def took(others: int) -> float:
        found = Remembered()
        for number in range(others):
            found.add(turn("r", number, Session("acme", f"s{number}")), 100, recorded=False)
        start = time.process_time()
        for _ in range(200):
            found.turns(SESSION)
        return time.process_time() - start

    assert took(20_000) < 50 * took(10) + 0.1
