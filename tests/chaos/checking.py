"""What the clients were told against what the server holds. Pure: its tests show what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from backscroll.client import Message
from backscroll.client.reply import ENDED, KEPT
from backscroll.replaying import checking, told
from tests.chaos.told import Breach, Held, Reply, State, Told

_NAMES = {"missing": "lost"}


def check(session: str, heard: Sequence[Told], held: Held) -> list[Breach]:
    """Find every breach of an invariant in a session.

    Lost, doubled, reordered and unexpected turns are found by the checker of `backscroll replay`, and so
    are gaps between seqs and roles that do not alternate. Further: replies that did not end, or are now
    another than was told; chapters that do not cover exactly 1 to the watermark.
    """
    return [
        *([Breach("gone", session, "the session")] if heard and held.state is None else ()),
        *_turns(session, heard, held.transcript),
        *(Breach("unended", session, f"{each.reply.id} is {each.reply.status}") for each in _unended(heard)),
        *_changed(session, heard, held),
        *(_state(session, held.state, len(held.transcript)) if held.state is not None else ()),
    ]


def _turns(session: str, heard: Sequence[Told], transcript: Sequence[Message]) -> Iterator[Breach]:
    users = [message for message in transcript if message.role == "user"]
    place = {message.text: message.seq for message in reversed(users)}
    expected = [_as_replayed(each) for each in accepted_order(heard, place)]
    found = msgspec.structs.asdict(checking.check(expected, transcript))
    # No two messages of a session are the same: a text that stands twice was taken up twice, even where
    # the second answer is another one.
    again = min(found["unexpected"], len(users) - len(place) - found["doubled"])
    if again > 0:
        found |= {"unexpected": found["unexpected"] - again, "doubled": found["doubled"] + again}
    for kind, count in found.items():
        if count:
            yield Breach(_NAMES.get(kind, kind), session, f"{count}; {_odd(heard, users)}")


def _odd(heard: Sequence[Told], users: Sequence[Message]) -> str:
    """Name the replies whose message does not stand in the transcript as often as it was told."""
    times = Counter(message.text for message in users)
    odd = [
        f"{each.reply.id}, {each.reply.status}, stands there {times[each.said]} times"
        for each in heard
        if times[each.said] != (each.reply.status in KEPT)
    ]
    return "; ".join(odd) or "each message stands there as often as it was told"


def accepted_order(heard: Sequence[Told], place: dict[str, int]) -> list[Told]:
    """Give the messages in the order of their acceptance.

    A step was posted after the one before had been accepted. Within a step the server's clock decides,
    and where it shows the same millisecond, nobody but the server knows: there the transcript is right.
    """
    return sorted(heard, key=lambda each: (each.step, each.reply.created_at, place.get(each.said, 0)))


def _as_replayed(each: Told) -> told.Told:
    status = each.reply.status
    end: told.End = "kept" if status in KEPT else "failed" if status in ENDED else "unended"
    return told.Told(said=each.said, end=end, text=each.reply.text)


def _unended(heard: Sequence[Told]) -> list[Told]:
    return [each for each in heard if each.reply.status not in ENDED]


def _changed(session: str, heard: Sequence[Told], held: Held) -> Iterator[Breach]:
    for each in heard:
        now = held.replies.get(each.reply.id)
        if now is None:
            yield Breach("gone", session, f"{each.reply.id}, once {each.reply.status}, is not there")
        elif each.reply.status in ENDED and _said(now) != _said(each.reply):
            what = f"{each.reply.id} was {_said(each.reply)} and is {_said(now)}"
            yield Breach("changed", session, what)
    if len({each.reply.id for each in heard}) < len(heard):
        yield Breach("shared", session, "two messages got the same reply")


def _said(reply: Reply) -> tuple[str, str]:
    return reply.status, reply.text


def _state(session: str, state: State, messages: int) -> Iterator[Breach]:
    covered = 0
    for chapter in state.chapters:
        if chapter["first"] != covered + 1 or chapter["last"] < chapter["first"]:
            what = f"a chapter covers {chapter['first']} to {chapter['last']} behind {covered}"
            yield Breach("chapters", session, what)
        covered = chapter["last"]
    if covered != state.watermark:
        yield Breach("chapters", session, f"they end at {covered}, the watermark is {state.watermark}")
    if state.messages != messages:
        yield Breach("count", session, f"{state.messages} messages counted, {messages} in the transcript")
    if state.pending:
        yield Breach("pending", session, f"still in the inbox: {', '.join(state.pending)}")
