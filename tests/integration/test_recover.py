"""Turns that were answered while the store was away come into their sessions: once, and under the lock."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from backscroll.errors import LeaseLost, NotFound
from backscroll.messages.media import apart
from backscroll.messages.part import Text
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import events, media, replies, sessions, submissions, turns
from backscroll.store.recover import recover
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, idempotency
from tests.integration.acting import begin, bring, claim, commit, texts
from tests.integration.recovering import ERROR, PICTURE, accepted, degraded


def test_a_turn_comes_behind_what_is_there_and_is_marked(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    talked(1)
    turn = degraded(session)
    assert recover(store, turn) == ("merged", False)
    page = sessions.transcript(store, session)
    assert [(m.seq, m.role, m.text, m.recovered) for m in page.messages] == [
        (1, "user", "said 0", False),
        (2, "model", "answer 0", False),
        (3, "user", "lost?", True),
        (4, "model", "no", True),
    ]
    assert [message.ts for message in page.messages[2:]] == [turn.accepted_at, turn.finished_at]
    assert sessions.read_context(store, session).messages[-1].text == "no"
    state = sessions.state(store, session)
    assert (state.messages, state.turns, state.pending) == (4, 2, ())
    assert state.replies[0].id == turn.reply_id


def test_its_reply_is_what_the_client_was_told(store: Store, session: Session) -> None:
    turn = degraded(session)
    recover(store, turn)
    told = turn.reply(recorded=True)
    kept = replies.read(store, session, turn.reply_id)
    assert kept == msgspec.structs.replace(told, seq=1)
    assert kept.degraded == "store_unavailable"
    end = events.read(store, session, turn.reply_id)
    assert end.ended
    assert [event.kind for event in end.events] == ["status", "end"]


def test_a_session_that_began_in_the_outage_is_begun(store: Store, session: Session) -> None:
    with pytest.raises(NotFound):
        sessions.state(store, session)
    for number in range(3):
        assert recover(store, degraded(session, f"said {number}"))[0] == "merged"
    assert texts(store, session) == ["said 0", "no", "said 1", "no", "said 2", "no"]


def test_a_turn_is_written_once_however_often_it_is_brought(replaying: Store, session: Session) -> None:
    turn = degraded(session)
    assert recover(replaying, turn)[0] == "again", "the first answer was lost"
    assert recover(replaying, turn)[0] == "again"
    assert texts(replaying, session) == ["lost?", "no"]


def test_f23_while_somebody_holds_the_session_nothing_is_written(store: Store, session: Session) -> None:
    # Elsewhere the locks were skipped without Redis.
    submissions.submit(store, session, Submission(parts=(Text("first"),)))
    holder = claim(store, session, "holder")
    turn = degraded(session)
    assert recover(store, turn) == ("busy", False)
    assert sessions.state(store, session).messages == 0
    commit(store, holder, "second")
    assert recover(store, turn) == ("merged", False)
    assert texts(store, session) == ["first", "second", "lost?", "no"]


def test_what_waits_in_the_session_is_rung_for(store: Store, session: Session) -> None:
    waits = submissions.submit(store, session, Submission(parts=(Text("waits"),)))
    assert recover(store, degraded(session)) == ("merged", True)
    turn = claim(store, session, "t")
    assert (turn.reply_id, turn.context.last) == (waits.reply_id, 2)


def test_a_message_that_was_accepted_after_all_and_waits_is_ended_by_its_answer(
    store: Store, session: Session
) -> None:
    turn = degraded(session)
    accepted(store, turn)
    assert recover(store, turn) == ("merged", False)
    assert texts(store, session) == ["lost?", "no"]
    assert sessions.state(store, session).pending == ()
    assert turns.claim(store, session, "t", ceiling=1000) is None


def test_one_that_is_in_work_is_taken_from_its_holder(store: Store, session: Session) -> None:
    turn = degraded(session)
    accepted(store, turn)
    held = claim(store, session, "holder")
    events.append(store, [(held, events.pack([(1, [events.delta("other", thought=False)])]))])
    assert recover(store, turn)[0] == "merged"
    with pytest.raises(LeaseLost):
        commit(store, held, "another answer")
    assert texts(store, session) == ["lost?", "no"]
    kinds = [event.kind for event in events.read(store, session, turn.reply_id).events]
    assert kinds == ["status", "end"], "what the holder had told is void"


def test_one_that_has_its_answer_by_now_keeps_it(store: Store, session: Session) -> None:
    turn = degraded(session)
    accepted(store, turn)
    commit(store, claim(store, session, "t"), "in time")
    assert recover(store, turn)[0] == "answered"
    assert texts(store, session) == ["lost?", "in time"]


def test_one_that_has_failed_by_now_gets_the_answer_that_its_client_has(
    store: Store, session: Session
) -> None:
    turn = degraded(session)
    accepted(store, turn)
    turns.fail(store, claim(store, session, "t"), ERROR, go_on=False, ceiling=1000)
    assert recover(store, turn)[0] == "merged"
    kept = replies.read(store, session, turn.reply_id)
    assert (kept.status, kept.error, kept.text) == ("completed", None, "no")


def test_one_that_was_merged_into_another_is_said_there_and_its_reply_can_be_read(
    store: Store, session: Session
) -> None:
    submissions.submit(store, session, Submission(parts=(Text("one "),)))
    turn = degraded(session, "two")
    accepted(store, turn, on_busy="merge")
    assert recover(store, turn)[0] == "answered"
    commit(store, claim(store, session, "t"), "both")
    assert texts(store, session) == ["one two", "both"]
    assert replies.read(store, session, turn.reply_id).text == "no"


def test_one_that_has_taken_another_message_in_answers_both(store: Store, session: Session) -> None:
    turn = degraded(session, "one ")
    accepted(store, turn)
    submissions.submit(store, session, Submission(parts=(Text("two"),), on_busy="merge"))
    assert recover(store, turn)[0] == "answered"
    commit(store, claim(store, session, "t"), "both")
    assert texts(store, session) == ["one two", "both"]


def test_an_idempotency_key_leads_to_the_reply_from_then_on(store: Store, session: Session) -> None:
    said = Submission(parts=(Text("lost?"),), idempotency_key="k")
    turn = degraded(session, idempotency=idempotency(said))
    recover(store, turn)
    again = submissions.submit(store, session, said)
    assert (again.reply_id, again.new) == (turn.reply_id, False)


def test_a_client_that_came_back_with_its_key_before_has_said_it_once(store: Store, session: Session) -> None:
    said = Submission(parts=(Text("lost?"),), idempotency_key="k")
    turn = degraded(session, idempotency=idempotency(said))
    second = submissions.submit(store, session, said)
    assert recover(store, turn)[0] == "answered"
    commit(store, claim(store, session, "t"), "in the end")
    assert texts(store, session) == ["lost?", "in the end"]
    assert replies.read(store, session, turn.reply_id).text == "no"
    assert replies.read(store, session, second.reply_id).text == "in the end"


def test_a_failed_turn_leaves_its_reply_and_no_message(store: Store, session: Session) -> None:
    turn = degraded(session, answer=None, error=ERROR)
    assert recover(store, turn)[0] == "merged"
    assert sessions.state(store, session).messages == 0
    kept = replies.read(store, session, turn.reply_id)
    assert (kept.status, kept.error) == ("failed", ERROR)


def test_media_come_along(store: Store, session: Session) -> None:
    digest, part = apart(PICTURE)
    recover(store, degraded(session, request=(part,), media={digest: PICTURE}))
    assert media.read(store, session, [digest]) == {digest: PICTURE}


def test_where_there_is_no_room_for_media_the_words_come_without_them(store: Store, session: Session) -> None:
    small = Store(StoreSettings(redis_url=store.settings.redis_url, session_media_bytes=1024))
    digest, part = apart(PICTURE)
    turn = degraded(session, request=(Text("look: "), part), media={digest: PICTURE})
    assert recover(small, turn)[0] == "merged"
    assert texts(small, session) == ["look: [left out: the session has no room for these media]", "no"]
    small.close()


def test_a_compaction_that_is_in_work_covers_what_it_saw(
    store: Store, session: Session, talked: Callable[[int], None]
) -> None:
    talked(3)
    snapshot = begin(store, session, "c")
    recover(store, degraded(session))
    assert bring(store, snapshot, 4) == "applied"
    context = sessions.read_context(store, session)
    assert [message.seq for message in context.messages] == [5, 6, 7, 8]
