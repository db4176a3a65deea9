"""Events: what becomes of a reply while it is in work, told once and read by as many as care.

They are for reading along. What lasts is the reply: where its events have expired, it tells them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from backscroll.cipher import Cipher
from backscroll.errors import NotFound
from backscroll.messages.message import Usage
from backscroll.messages.part import Part, Text, to_stored
from backscroll.session import Session
from backscroll.store import replies
from backscroll.store.redis import Store
from backscroll.store.replies import TERMINAL, Reply, Status
from backscroll.store.scripts import string
from backscroll.store.turns import Turn

# The id of what nobody has told: how things stand for who comes before the first event, or after the last one
# has expired.
ORIGIN = "0-0"
# The end of a reply that ended before there were events.
_AN_END = "0-1"

# A kind and its data: JSON, which may be sealed.
Untold = tuple[str, str | bytes]

# The kinds that tell states and numbers, and nothing that was said.
_TELL_NOTHING_SAID = frozenset({"status", "usage", "end"})


class Event(msgspec.Struct, frozen=True):
    """One event: `status`, `delta`, `part`, `usage` or `end`. Of two ids the later one is the greater."""

    id: str
    kind: str
    data: bytes

    @property
    def order(self) -> tuple[int, int]:
        """The id as it compares."""
        return order(self.id)


class Told(msgspec.Struct, frozen=True):
    """Events in order, and whether the reply has ended: then the last one is its end, or was read before."""

    events: tuple[Event, ...]
    ended: bool


def order(event_id: str) -> tuple[int, int]:
    """Read an id so that it compares."""
    ms, _, number = event_id.partition("-")
    return int(ms), int(number)


def status(state: Status, attempt: int, position: int | None = None) -> Untold:
    """Say that the answer begins anew, or waits: deltas, parts and usage before it are void."""
    said = {"status": state, "attempt": attempt} | ({} if position is None else {"position": position})
    return "status", _json(said)


def delta(text: str, *, thought: bool) -> Untold:
    """Say what is to be appended to the answer, or to its thoughts."""
    return "delta", _json({"text": text, "thought": True} if thought else {"text": text})


def part(whole: Part) -> Untold:
    """Say that a part came which is no text."""
    return "part", _json(to_stored(whole))


def usage(counted: Usage) -> Untold:
    """Say which tokens were counted so far."""
    return "usage", _json(counted)


def _json(said: object) -> str:
    return msgspec.json.encode(said).decode()


def sealed(cipher: Cipher, reply_id: str, told: Iterable[Untold]) -> Iterator[Untold]:
    """Seal those events of a reply that tell what was said: before they are packed."""
    for kind, data in told:
        if kind in _TELL_NOTHING_SAID or not cipher.seals:
            yield kind, data
        else:
            yield kind, cipher.seal("event", _bytes(data), reply_id)


def opened(cipher: Cipher, reply_id: str, told: Told) -> Told:
    """Open what `sealed` sealed, as it was read or heard.

    Raises:
        Sealed: when the key is missing.
    """
    events = tuple(
        Event(each.id, each.kind, cipher.open("event", each.data, reply_id)) for each in told.events
    )
    return Told(events, told.ended)


def pack(batches: Iterable[tuple[int, Sequence[Untold]]]) -> bytes:
    """Put numbered batches into the form in which the scripts take them; b"" where there are none."""
    found = [
        (number, [(kind, string(data) if isinstance(data, bytes) else data) for kind, data in told])
        for number, told in batches
    ]
    return msgspec.msgpack.encode(found) if found else b""


def append(store: Store, batches: Sequence[tuple[Turn, bytes]]) -> list[bool]:
    """Tell what was heard of many turns' answers, in one round trip; False for each that is not ours now.

    Raises:
        StoreUnavailable: when Redis does not serve. What was told all the same is not told twice.
    """
    calls = [(turn.session, (turn.token, turn.reply_id, packed)) for turn, packed in batches]
    return [ours == 1 for ours in store.run_many("append_events", calls)]


def read(store: Store, session: Session, reply_id: str, after: str | None = None) -> Told:
    """Read what was told of a reply behind the event `after`; without one, of its present try from the start.

    Raises:
        NotFound: when the session has no such reply.
        Sealed: when the key of what was told is missing.
        StoreUnavailable: when Redis does not serve.
    """
    found = store.run("read_events", session, reply_id, after or "")
    if not found:
        raise NotFound(f"session {session.id} has no reply {reply_id!r}")
    state, attempts, position, end, entries = found
    cipher = store.cipher(session)
    end = end.decode() or _AN_END
    events = tuple(
        Event(name.decode(), kind.decode(), cipher.open("event", data, reply_id))
        for name, (kind, data) in entries
    )
    ended = state.decode() in TERMINAL
    if ended and not events and order(after or ORIGIN) < order(end):
        return Told(_told_anew(replies.read(store, session, reply_id), end), ended=True)
    if after is None and (not events or events[0].kind != "status"):
        events = (_origin(_as_it_stands(state == b"queued", int(attempts), position)), *events)
    return Told(events, ended)


def _as_it_stands(waits: bool, attempts: int, position: int) -> Untold:
    if waits or not attempts:
        return status("queued", attempts, position if position >= 0 else None)
    return status("in_progress", attempts)


def _told_anew(reply: Reply, end: str) -> tuple[Event, ...]:
    told = [_as_it_stands(False, reply.attempts, -1)]
    for each in reply.parts:
        if not isinstance(each, Text):
            told.append(part(each))
        elif each.text:
            told.append(delta(each.text, thought=each.thought))
    if reply.usage is not None:
        told.append(usage(reply.usage))
    return (*map(_origin, told), Event(end, "end", _json({"status": reply.status}).encode()))


def _origin(told: Untold) -> Event:
    kind, data = told
    return Event(ORIGIN, kind, _bytes(data))


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
