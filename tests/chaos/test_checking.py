"""The checker, taken apart: it finds what it is there to find, and nothing in a good session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from backscroll.client import Message
from tests.chaos.checking import accepted_order, check
from tests.chaos.told import Breach, Held, Reply, State, Told


def told(number: int, status: str = "completed", *, step: int = 0, at: str = "") -> Told:
    text = f"answer {number}" if status in ("completed", "incomplete") else ""
    reply = Reply(id=f"r_{number}", status=status, text=text, created_at=at)
    return Told(step=step or number, said=f"remark {number}", reply=reply, posted=0.0, ended=1.0)


def transcript(*numbers: int) -> tuple[Message, ...]:
    said = [
        (role, f"{word} {n}") for n in numbers for role, word in (("user", "remark"), ("model", "answer"))
    ]
    return tuple(Message(seq=seq, role=role, text=text) for seq, (role, text) in enumerate(said, 1))


def held(heard: Sequence[Told], there: tuple[Message, ...], **state: Any) -> Held:
    known: dict[str, Any] = {
        "messages": len(there),
        "watermark": 0,
        "chapters": (),
        "pending": (),
        "compactions": {"done": 0},
        "stale_writes": 0,
    }
    replies: dict[str, Reply | None] = {each.reply.id: each.reply for each in heard}
    return Held(transcript=there, state=State(**known | state), replies=replies)


def kinds(breaches: Sequence[Breach]) -> set[str]:
    return {breach.kind for breach in breaches}


def test_a_session_that_is_as_it_was_told_has_no_breach() -> None:
    heard = [told(1), told(2, "failed"), told(3, "incomplete"), told(4, "cancelled"), told(5)]
    assert check("s", heard, held(heard, transcript(1, 3, 5))) == []


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ((1, 3), "lost"),
        ((1, 2, 2, 3), "doubled"),
        ((2, 1, 3), "reordered"),
        ((1, 2, 3, 4), "unexpected"),
        ((1, 2, 3, 9), "unexpected"),
    ],
)
def test_turns_that_are_not_as_they_were_told(found: tuple[int, ...], kind: str) -> None:
    heard = [told(1), told(2), told(3), told(4, "failed")]
    assert kinds(check("s", heard, held(heard, transcript(*found)))) == {kind}


def test_a_lost_turn_is_named() -> None:
    heard = [told(1), told(2)]
    (breach,) = check("s", heard, held(heard, transcript(1)))
    assert "r_2" in breach.what


def test_an_answer_in_other_words_is_not_what_was_told() -> None:
    heard = [told(1)]
    user, model = transcript(1)
    other = (user, Message(seq=model.seq, role="model", text="something else"))
    assert kinds(check("s", heard, held(heard, other))) == {"lost", "unexpected"}


def test_a_message_that_was_answered_twice_is_doubled_whatever_the_answers() -> None:
    heard = [told(1), told(2)]
    user, model = transcript(1)
    again = (Message(seq=3, role="user", text=user.text), Message(seq=4, role="model", text="else"))
    rest = [Message(seq=m.seq + 4, role=m.role, text=m.text) for m in transcript(2)]
    (breach,) = check("s", heard, held(heard, (user, model, *again, *rest)))
    assert breach.kind == "doubled"
    assert "r_1, completed, stands there 2 times" in breach.what


def test_a_session_that_is_gone() -> None:
    heard = [told(1)]
    assert kinds(check("s", heard, Held())) == {"gone", "lost"}
    assert check("s", [], Held()) == []


def test_a_gap_between_seqs() -> None:
    heard = [told(1), told(2)]
    shifted = tuple(
        Message(seq=each.seq + (each.seq > 2), role=each.role, text=each.text) for each in transcript(1, 2)
    )
    assert kinds(check("s", heard, held(heard, shifted))) == {"gaps"}


def test_roles_that_do_not_alternate() -> None:
    heard = [told(1)]
    messages = (*transcript(1), Message(seq=3, role="user", text="remark 2"))
    assert "roles" not in kinds(check("s", heard, held(heard, messages)))
    messages = (*messages, Message(seq=4, role="user", text="remark 3"))
    assert "roles" in kinds(check("s", heard, held(heard, messages)))


def test_a_reply_that_did_not_end() -> None:
    heard = [told(1), told(2, "in_progress")]
    assert kinds(check("s", heard, held(heard, transcript(1)))) == {"unended"}


def test_a_reply_that_is_another_one_now_than_was_told() -> None:
    heard = [told(1)]
    found = held([told(1, "failed")], transcript(1))
    assert kinds(check("s", heard, found)) == {"changed"}


def test_a_reply_that_is_gone() -> None:
    heard = [told(1)]
    assert kinds(check("s", heard, held([], transcript(1)))) == {"gone"}


def test_two_messages_with_one_reply() -> None:
    heard = [told(1), Told(step=2, said="remark 2", reply=told(1).reply, posted=0.0, ended=1.0)]
    assert "shared" in kinds(check("s", heard, held(heard, transcript(1))))


@pytest.mark.parametrize(
    ("chapters", "watermark"),
    [
        ([(1, 2)], 4),
        ([(1, 2), (4, 4)], 4),
        ([(1, 2), (2, 4)], 4),
        ([(3, 4)], 4),
        ([(1, 4)], 2),
        ([], 2),
    ],
)
def test_chapters_that_do_not_cover_exactly_up_to_the_watermark(
    chapters: list[tuple[int, int]], watermark: int
) -> None:
    heard = [told(1), told(2), told(3)]
    covering = tuple({"first": first, "last": last} for first, last in chapters)
    found = held(heard, transcript(1, 2, 3), watermark=watermark, chapters=covering)
    assert kinds(check("s", heard, found)) == {"chapters"}


def test_chapters_that_do() -> None:
    heard = [told(1), told(2), told(3)]
    covering = ({"first": 1, "last": 2}, {"first": 3, "last": 4})
    assert check("s", heard, held(heard, transcript(1, 2, 3), watermark=4, chapters=covering)) == []


def test_a_count_that_is_not_the_transcripts_and_an_inbox_that_is_not_empty() -> None:
    heard = [told(1)]
    assert kinds(check("s", heard, held(heard, transcript(1), messages=4))) == {"count"}
    assert kinds(check("s", heard, held(heard, transcript(1), pending=("r_9",)))) == {"pending"}


def test_the_servers_clock_decides_about_messages_that_were_posted_at_once() -> None:
    heard = [told(1, step=1, at="…02Z"), told(2, step=1, at="…01Z"), told(3, step=2, at="…03Z")]
    assert check("s", heard, held(heard, transcript(2, 1, 3))) == []
    assert kinds(check("s", heard, held(heard, transcript(1, 2, 3)))) == {"reordered"}


def test_in_the_same_millisecond_the_transcript_is_right() -> None:
    heard = [told(1, step=1, at="…01Z"), told(2, step=1, at="…01Z")]
    assert check("s", heard, held(heard, transcript(2, 1))) == []


def test_no_clock_moves_a_message_before_an_earlier_step() -> None:
    heard = [told(1, step=1, at="…09Z"), told(2, step=2, at="…01Z")]
    assert [each.step for each in accepted_order(heard, {})] == [1, 2]
