"""What a stream makes of what it hears: few events, told once, and none of a try that came to nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from backscroll.answering import streaming
from backscroll.answering.streaming import Stream
from backscroll.messages.media import Media, inline
from backscroll.messages.message import Usage
from backscroll.messages.part import Other, Part, Text
from backscroll.session import Session
from backscroll.store.turns import Context, Turn

CALL = Other({"type": "function_call", "functionCall": {"name": "look"}, "thoughtSignature": "c2ln"})
Batch = tuple[int, list[tuple[str, Any]]]


@pytest.fixture
def stream() -> Stream:
    turn = Turn(
        session=Session("t", "s"),
        token="token",
        reply_id="r",
        request=(Text("hello"),),
        model=None,
        attempt=2,
        accepted_at=1,
        context=Context(),
    )
    return Stream(turn, threading.Condition())


def batches(packed: bytes) -> list[Batch]:
    found = msgspec.msgpack.decode(packed) if packed else []
    return [(number, [(kind, json.loads(data)) for kind, data in told]) for number, told in found]


def heard(stream: Stream, *parts: Part, usage: Usage | None = None) -> None:
    stream.hear(parts, usage)


def told(stream: Stream) -> list[tuple[str, Any]]:
    """Give what would be told now, and see it told."""
    found = [event for _, events in batches(stream.untold()) for event in events]
    stream.told()
    return found


def test_words_that_follow_each_other_are_told_as_one(stream: Stream) -> None:
    heard(stream, Text("It "), Text("costs "))
    heard(stream, Text("4 €."))
    assert told(stream) == [("delta", {"text": "It costs 4 €."})]
    assert not stream.waits
    heard(stream, Text(" Or 5."))
    assert told(stream) == [("delta", {"text": " Or 5."})]


def test_thoughts_are_told_apart_from_words(stream: Stream) -> None:
    heard(
        stream,
        Text("Hm", thought=True),
        Text(", well", thought=True),
        Text("Yes."),
        Text("Or?", thought=True),
    )
    assert told(stream) == [
        ("delta", {"text": "Hm, well", "thought": True}),
        ("delta", {"text": "Yes."}),
        ("delta", {"text": "Or?", "thought": True}),
    ]


def test_a_part_that_is_no_text_is_told_whole_and_in_its_place(stream: Stream) -> None:
    heard(stream, Text("Let me see."), CALL, Text(" And?"))
    assert told(stream) == [
        ("delta", {"text": "Let me see."}),
        ("part", CALL.raw),
        ("delta", {"text": " And?"}),
    ]


def test_a_signature_alone_says_nothing_to_who_reads_along(stream: Stream) -> None:
    heard(stream, Text("", signature="c2ln"))
    assert not stream.waits
    assert told(stream) == []
    heard(stream, Text("Yes.", signature="c2ln"), Text("No."))
    assert told(stream) == [("delta", {"text": "Yes.No."})]


def test_tokens_are_told_when_they_have_changed_and_not_with_every_word(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(streaming, "time", SimpleNamespace(monotonic=lambda: now[0]))
    counts = [Usage(prompt_tokens=7, output_tokens=number) for number in (1, 2, 3, 3)]
    heard(stream, Text("a"), usage=counts[0])
    assert told(stream) == [("delta", {"text": "a"}), ("usage", msgspec.to_builtins(counts[0]))]
    heard(stream, Text("b"), usage=counts[1])
    assert told(stream) == [("delta", {"text": "b"})]
    now[0] += 1
    heard(stream, Text("c"))
    assert told(stream) == [("delta", {"text": "c"}), ("usage", msgspec.to_builtins(counts[1]))]
    heard(stream, usage=counts[2])
    heard(stream, usage=counts[3])
    assert not stream.waits, "a count alone can wait for the words"
    [(_, rest)] = batches(stream.rest())
    assert rest == [("usage", msgspec.to_builtins(counts[3]))], "but not beyond the end"


def test_what_an_answer_ends_with_is_left_to_who_ends_the_turn(stream: Stream) -> None:
    stream.hear((Text("Yes."),), None, last=True)
    assert not stream.waits
    [(_, rest)] = batches(stream.rest())
    assert rest == [("delta", {"text": "Yes."})]


def test_what_comes_behind_the_last_words_is_told_with_them(stream: Stream) -> None:
    stream.hear((Text("Yes."),), None, last=True)
    heard(stream, Text(" Or no."))
    assert stream.waits
    assert told(stream) == [("delta", {"text": "Yes. Or no."})]


def test_an_end_that_was_none_is_taken_back_when_the_next_try_begins(stream: Stream) -> None:
    stream.hear((Text("Hm", thought=True),), None, last=True)
    stream.begin()
    assert stream.waits
    assert told(stream) == [("status", {"status": "in_progress", "attempt": 2})]
    heard(stream, Text("Yes."))
    assert told(stream) == [("delta", {"text": "Yes."})]


def test_the_first_try_has_nothing_to_void(stream: Stream) -> None:
    stream.begin()
    stream.begin()
    assert not stream.waits
    assert stream.rest() == b""


def test_another_try_voids_what_was_told_and_drops_what_was_not(stream: Stream) -> None:
    stream.begin()
    heard(stream, Text("It cos"))
    assert told(stream)
    heard(stream, Text("ts"), CALL, usage=Usage(output_tokens=3))
    stream.begin()
    assert stream.waits
    heard(stream, Text("You pay"))
    anew = [("status", {"status": "in_progress", "attempt": 2}), ("delta", {"text": "You pay"})]
    assert told(stream) == anew


def test_another_try_of_which_nothing_was_heard_is_no_news(stream: Stream) -> None:
    heard(stream, Text("It cos"))
    stream.begin()
    assert told(stream) == [("status", {"status": "in_progress", "attempt": 2})]
    stream.begin()
    assert not stream.waits


def test_words_that_nobody_was_told_are_voided_all_the_same(stream: Stream) -> None:
    """They may have been told: an answer of Redis was lost."""
    heard(stream, Text("It cos"))
    assert batches(stream.untold()) == [(1, [("delta", {"text": "It cos"})])]
    stream.begin()
    heard(stream, Text("You pay"))
    (again, (number, anew)) = batches(stream.untold())
    assert again == (1, [("delta", {"text": "It cos"})])
    assert (number, anew[0][0]) == (2, "status")


def test_a_batch_that_may_have_been_told_keeps_its_number_and_its_words(stream: Stream) -> None:
    heard(stream, Text("one"))
    first = batches(stream.untold())
    heard(stream, Text("two"))
    assert batches(stream.untold()) == [*first, (2, [("delta", {"text": "two"})])]
    heard(stream, Text("three"))
    rest = batches(stream.rest())
    assert [number for number, _ in rest] == [1, 2, 3]
    assert rest[:1] == first


def test_nothing_is_told_behind_the_rest(stream: Stream) -> None:
    heard(stream, Text("one"))
    assert stream.rest()
    heard(stream, Text("too late"))
    assert not stream.waits


def test_the_rest_waits_for_what_is_on_its_way(stream: Stream) -> None:
    """What comes behind the end would be refused, and be missing."""
    changed = stream._changed
    heard(stream, Text("one"))
    with changed:
        stream.untold()
        stream.under_way = True
    rest: list[bytes] = []
    ending = threading.Thread(target=lambda: rest.append(stream.rest()))
    ending.start()
    heard(stream, Text("two"))
    with changed:
        changed.wait_for(lambda: stream.over, 5)
        assert rest == []
        stream.told()
        stream.under_way = False
        changed.notify_all()
    ending.join(5)
    assert [batches(each) for each in rest] == [[(2, [("delta", {"text": "two"})])]]


def test_a_picture_is_told_by_reference(stream: Stream) -> None:
    # Told whole, it would lie in the stream as base64, and go to each who follows.
    heard(stream, inline("image/png", b"a cat"))
    ((kind, part),) = told(stream)
    assert kind == "part"
    assert part["inlineData"].keys() == {"mimeType", "sha256", "size"}


def test_a_picture_of_one_answer_holds_up_no_other(monkeypatch: pytest.MonkeyPatch, stream: Stream) -> None:
    # All streams of a process share a lock, and a large picture's digest takes a while.
    other = Stream(stream.turn, stream._changed)
    digested = streaming.detach

    def slowly(parts: Sequence[Part]) -> tuple[tuple[Part, ...], dict[str, Media]]:
        meanwhile = threading.Thread(target=other.begin)
        meanwhile.start()
        meanwhile.join(5)
        assert not meanwhile.is_alive()
        return digested(parts)

    monkeypatch.setattr(streaming, "detach", slowly)
    heard(stream, inline("image/png", b"drawn"))
    assert stream.waits
