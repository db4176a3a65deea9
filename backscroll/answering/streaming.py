"""Telling what is heard of answers while they come, to who streams them.

One thread tells for all turns of a process, in one round trip: a turn's first words at once, and then what
has come together, some 20 times a second at most. The model's thread only leaves a note of what it heard.
What an answer ends with goes with its commit, which would else wait for one more round trip.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from backscroll.cipher import PLAIN, Cipher
from backscroll.lasting import begun, survived
from backscroll.messages.media import detach
from backscroll.messages.message import Usage
from backscroll.messages.part import Part, Text
from backscroll.store import events
from backscroll.store.events import Untold
from backscroll.store.redis import Store
from backscroll.store.turns import Turn

log = logging.getLogger(__name__)

_REST = 0.05
_STORE_RETRY = 0.5
# A model may count with every word: oftener than that is of no use to anybody.
_USAGE_REST = 1.0


class Stream:
    """What was heard of one turn's answer and has not been told yet: the model's `Heard`.

    A batch keeps its number and its events until it is known to be told, so that it is told once also where
    an answer of Redis was lost. All that is held is never more than the answer itself.
    """

    def __init__(self, turn: Turn, changed: threading.Condition, cipher: Cipher = PLAIN) -> None:
        self.turn = turn
        self._cipher = cipher
        self._changed = changed
        self._spoken = False  # a next try has something to take back
        self._anew = False
        self._parts: list[Part] = []
        self._usage: Usage | None = None
        self._usage_told: tuple[Usage | None, float] = (None, 0.0)
        self._number = 0
        self._batches: list[tuple[int, list[Untold]]] = []
        self._whole = False  # the end will tell what came last, and sooner than we could
        self.first = True  # nothing was told since the answer began
        self.under_way = False
        self.over = False

    def begin(self) -> None:
        """Void what was heard before; the turn's own beginning was told when it was claimed."""
        with self._changed:
            self._whole = False
            if not self._spoken:
                return
            self._anew, self._spoken, self.first = True, False, True
            self._parts, self._usage, self._usage_told = [], None, (None, 0.0)
            self._changed.notify_all()

    def hear(self, parts: Sequence[Part], usage: Usage | None, *, last: bool = False) -> None:
        """Note what came; it is told soon: what came last, by who ends the turn."""
        # Media are told by reference; their bytes can be had when the reply has ended. Their digest takes a
        # tenth of a second, in which nobody else's words may wait.
        came, _ = detach(parts)
        with self._changed:
            waited = self.waits
            self._whole = last
            for part in came:
                self._join(part)
            self._usage = usage or self._usage
            self._spoken = self._spoken or bool(self._parts or usage)
            if self.waits and not waited:  # else who tells knows of it, and will look at all that came
                self._changed.notify_all()

    def _join(self, part: Part) -> None:
        if not isinstance(part, Text):
            self._parts.append(part)
            return
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Text) and last.thought == part.thought:
            self._parts[-1] = Text(last.text + part.text, thought=part.thought)
        elif part.text:
            self._parts.append(part)

    def rest(self) -> bytes:
        """Give what is not told yet to who ends the turn, and tell nothing more."""
        with self._changed:
            self.over = True
            # What is on its way would come behind the end, and be refused.
            self._changed.wait_for(lambda: not self.under_way)
            return self.untold()

    # From here on for who holds `changed`.

    @property
    def waits(self) -> bool:
        """Tell whether there is anything to tell."""
        return not (self.over or self._whole) and bool(self._batches or self._anew or self._parts)

    def untold(self) -> bytes:
        """Give all that is not known to be told, with what came since as one more batch."""
        told = list(events.sealed(self._cipher, self.turn.reply_id, self._heard()))
        if told:
            self._number += 1
            self._batches.append((self._number, told))
        return events.pack(self._batches)

    def told(self) -> None:
        """Note that all of `untold` was told."""
        self._batches.clear()

    def _heard(self) -> Iterator[Untold]:
        if self._anew:
            yield events.status("in_progress", self.turn.attempt)
        for part in self._parts:
            yield (
                events.delta(part.text, thought=part.thought) if isinstance(part, Text) else events.part(part)
            )
        self._anew, self._parts, self.first = False, [], False
        before, at = self._usage_told
        now = time.monotonic()
        if self._usage is not None and self._usage != before and (self.over or now - at >= _USAGE_REST):
            self._usage_told = (self._usage, now)
            yield events.usage(self._usage)


class Streams:
    """The streams of all turns that this process has in work, and the thread that tells what they hear."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._open: set[Stream] = set()
        self._thread: threading.Thread | None = None
        self._rested_at = 0.0

    @contextmanager
    def open(self, turn: Turn) -> Iterator[Stream]:
        """Give a turn somebody to hear its answer, until the block ends."""
        stream = Stream(turn, self._changed, self._store.cipher(turn.session))
        with self._changed:
            self._thread = self._thread or begun("streams", self._run)
            self._open.add(stream)
        try:
            yield stream
        finally:
            with self._changed:
                self._open.discard(stream)
                self._changed.wait_for(lambda: not stream.under_way)

    def _run(self) -> None:
        while True:
            batches: list[tuple[Stream, bytes]] = []
            with self._changed:
                for stream in self._due():
                    packed = b""
                    with survived(log, "not streamed any more"):
                        packed = stream.untold()
                    if packed:
                        stream.under_way = True
                        batches.append((stream, packed))
                    else:
                        self._open.discard(stream)  # it would fail each time: its words are left to its end
            self._tell(batches)

    def _due(self) -> list[Stream]:
        """Wait for what is to be told now: first words at once, and what follows them after a rest."""
        self._changed.wait_for(self._waiting)
        self._changed.wait_for(self._beginning, max(self._rested_at - time.monotonic(), 0.0))
        now = time.monotonic()
        if now < self._rested_at:
            return self._beginning()
        self._rested_at = now + _REST
        return self._waiting()

    def _waiting(self) -> list[Stream]:
        return [stream for stream in self._open if stream.waits]

    def _beginning(self) -> list[Stream]:
        return [stream for stream in self._open if stream.waits and stream.first]

    def _tell(self, batches: Sequence[tuple[Stream, bytes]]) -> None:
        if not batches:
            return
        ours: list[bool] = []
        # Where that fails the answer goes on, and the next try or its end tells what could not be told here.
        with survived(log, "events not told"):
            ours = events.append(self._store, [(stream.turn, packed) for stream, packed in batches])
        with self._changed:
            for (stream, _), mine in zip(batches, ours, strict=False):
                stream.told()
                if not mine:
                    self._open.discard(stream)
            for stream, _ in batches:
                stream.under_way = False
            if not ours:
                self._rested_at = time.monotonic() + _STORE_RETRY
            self._changed.notify_all()
