"""What a process remembers of the sessions that it works on, so that Redis need not tell it again.

A turn's context is mostly what it was a turn ago, and as long as the session has grown: sent and decoded
anew each time, it would be most of what a turn costs. So who claims a turn says what it remembers, and the
script (lua/parts/turn.lua) leaves out what is still so. It decides by marks that only one content has had:

    chapters and ledger   the session's beginning, and the token of the last change that was made to them.
                          Where it is the one before the last, what that has made of them is all that is
                          told: its chapter, the one that it merged others into, what it changed of the ledger
    messages              the last turn that was written when this process saw them, by itself or, where it
                          compacts, by another: its reply, with the token of the lock under which it was.
                          Where its record says so, all messages up to that turn are as they were then. A
                          rollback of Redis takes both or neither

What a session was is forgotten soon after it was last worked on, and at once when it is deleted.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from backscroll.cipher import Cipher
from backscroll.ledger.ledger import Ledger, weight
from backscroll.messages import tokens
from backscroll.messages.chapter import Chapter, encode_chapter
from backscroll.messages.message import Message
from backscroll.session import Session
from backscroll.store import content

_SESSIONS = 1000
# As they are stored, all together; in memory they are about five times as much.
_BYTES = 4_000_000
# Seconds. Who is still talking comes back within them; and nothing that expires is kept here much longer.
_LIFE = 600.0


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What was in a session's context when this process last saw it.

    `version` marks the chapters and the ledger; "" where they are not known. `stored` is how many bytes each
    of the two has as JSON. `written` are the id of the last reply that was written there, and its
    token; `messages` those up to it, and `encoded` the same as bytes, where this process compacts.
    """

    version: str = ""
    chapters: tuple[Chapter, ...] = ()
    ledger: Ledger = Ledger()
    stored: tuple[int, int] = (0, 0)
    written: tuple[str, str] | None = None
    messages: tuple[Message, ...] = ()
    encoded: tuple[bytes, ...] = ()

    def packed(self) -> bytes:
        """Give it as the scripts take it; b"" where nothing is remembered."""
        if not self.version:
            return b""
        if self.written is None or not self.messages:
            return msgspec.msgpack.encode([self.version])
        seqs = self.messages[0].seq, self.messages[-1].seq
        return msgspec.msgpack.encode([self.version, *self.written, *seqs])

    @property
    def size(self) -> int:
        """About how many bytes it has as it is stored."""
        messages = tokens.BYTES_A_TOKEN * tokens.of_messages(self.messages)
        return sum(self.stored) + messages + sum(map(len, self.encoded))

    def without_messages(self) -> Remembered:
        """Give what is remembered of chapters and ledger alone."""
        return replace(self, written=None, messages=(), encoded=())

    def changed(self, token: str, chapters: tuple[Chapter, ...], ledger: Ledger) -> Remembered:
        """Give what is remembered once the change `token` has made these of the chapters and the ledger."""
        began, _, _ = self.version.partition(" ")
        return Remembered(
            version=f"{began} {token}" if began else "",
            chapters=chapters,
            ledger=ledger,
            stored=_sizes(chapters, ledger),
        )

    def after(self, reply_id: str, token: str, messages: tuple[Message, ...], ceiling: int) -> Remembered:
        """Give what is remembered once this reply is written, and `messages` are all that are live.

        No more of them than `ceiling` tokens: where nobody compacts, they are told anew, the newest only.
        """
        fit = tokens.of_messages(messages) <= ceiling
        return replace(self, written=(reply_id, token), messages=messages if fit else (), encoded=())


NOTHING = Remembered()


class Memory:
    """What is remembered of the sessions that were worked on lately. Threads may share it."""

    def __init__(self, sessions: int = _SESSIONS, size: int = _BYTES, life: float = _LIFE) -> None:
        self._lock = threading.Lock()
        self._most, self._room, self._life = sessions, size, life
        # The one that was noted longest ago first; with its size, and when it was noted.
        self._found: OrderedDict[Session, tuple[Remembered, int, float]] = OrderedDict()
        self._timer: threading.Timer | None = None

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()
            if self._timer is not None:
                self._timer.cancel()

    def of(self, session: Session) -> Remembered:
        """Give what is remembered of `session`."""
        with self._lock:
            self._forget_the_oldest()
            found = self._found.get(session)
        return found[0] if found else NOTHING

    def note(self, session: Session, remembered: Remembered) -> None:
        """Remember this of a session from now on, and nothing else."""
        size = remembered.size
        with self._lock:
            self._drop(session)
            self._found[session] = remembered, size, time.monotonic()
            self._room -= size
            self._forget_the_oldest()
            self._look_again()

    def forget(self, session: Session) -> None:
        """Remember nothing of a session any more."""
        with self._lock:
            self._drop(session)

    def _look_again(self) -> None:
        """Have what is there forgotten in time also where nobody asks for anything any more."""
        if self._found and self._timer is None:
            self._timer = threading.Timer(self._life, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            self._timer = None
            self._forget_the_oldest()
            self._look_again()

    def _forget_the_oldest(self) -> None:
        while self._found:
            session, (_, _, noted) = next(iter(self._found.items()))
            full = self._room < 0 or len(self._found) > self._most
            if not full and time.monotonic() - noted < self._life:
                return
            self._drop(session)

    def _drop(self, session: Session) -> None:
        if found := self._found.pop(session, None):
            self._room += found[1]


def notes(cipher: Cipher, found: Sequence[Any], before: Remembered) -> Remembered:
    """Give a version of the chapters and the ledger as a script told it, where they are not as `before`.

    Raises:
        Sealed: when a key is missing.
    """
    version, kept, stored, changed, stored_ledger = found
    if stored is None:
        return before.without_messages()
    chapters = content.decode_chapters(cipher, stored)
    if kept is not None:
        chapters = after_change(before.chapters, chapters, *kept)
    if changed:
        ledger = content.apply_ledger_change(cipher, before.ledger, stored_ledger)
    else:
        ledger = content.decode_ledger(cipher, stored_ledger)
    return Remembered(
        version=version.decode(), chapters=chapters, ledger=ledger, stored=_sizes(chapters, ledger)
    )


def after_change(
    before: tuple[Chapter, ...], made: tuple[Chapter, ...], first: int, count: int
) -> tuple[Chapter, ...]:
    """Give the chapters once `count` of them, from index `first` on, have been merged.

    Args:
        before: all of them, before.
        made: the one that stands in their place, if there is one, and the new ones.
        first: an index.
        count: 0 where none were.
    """
    merged = made[: min(count, 1)]
    return (*before[:first], *merged, *before[first + count :], *made[len(merged) :])


def _sizes(chapters: tuple[Chapter, ...], ledger: Ledger) -> tuple[int, int]:
    return sum(map(len, map(encode_chapter, chapters))), weight(ledger)


def told(
    cipher: Cipher, found: Sequence[Any], watermark: int, before: Remembered
) -> tuple[Remembered, tuple[Message, ...]]:
    """Read what a script told of a context in which all up to `watermark` is covered.

    Returns:
        Its chapters and ledger, to be remembered, and its live messages.

    Raises:
        Sealed: when a key is missing.
    """
    noted, known, messages = found
    live = [each for each in before.messages if watermark < each.seq <= known]
    return notes(cipher, noted, before), (*live, *content.decode_messages(cipher, messages))
