"""What a web process remembers for an outage: settings of sessions that it has seen, and its degraded turns.

All of it is bounded in bytes, and what was used least recently goes first. It is a help and no promise: an
outage is answered without it, and what lasts is in the spool.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

import msgspec

from backscroll.session import Session
from backscroll.session_settings import SessionSettings, decode_settings, encode_settings
from backscroll.store.recover import DegradedTurn
from backscroll.store.replies import Reply
from backscroll.store.submissions import Submission, idempotency, reused

K = TypeVar("K")
V = TypeVar("V")

_MIB = 1024 * 1024
_SETTINGS_BYTES, _TURNS_BYTES = 16 * _MIB, 64 * _MIB


class _Newest(Generic[K, V]):
    """The newest entries whose sizes together are within `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def put(self, key: K, value: V, size: int) -> list[K]:
        """Put an entry in, and give the keys of those that had to go for it."""
        self.drop(key)
        self._entries[key] = value, size
        self._size += size
        gone = []
        while self._size > self._most:
            gone.append(next(iter(self._entries)))
            self.drop(gone[-1])
        return gone

    def get(self, key: K) -> V | None:
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def drop(self, key: K) -> None:
        if key in self._entries:
            self._size -= self._entries.pop(key)[1]


class _Kept(msgspec.Struct, frozen=True):
    turn: DegradedTurn
    recorded: bool


class Remembered:
    """What one process remembers. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: _Newest[Session, bytes] = _Newest(_SETTINGS_BYTES)
        self._turns: _Newest[tuple[Session, str], _Kept] = _Newest(_TURNS_BYTES)
        # Every post asks for those of its session, and all together there may be a hundred thousand.
        self._ids: dict[Session, dict[str, None]] = {}

    def saw(self, session: Session, settings: SessionSettings) -> None:
        """Remember the settings of a session as the store gave or took them."""
        encoded = encode_settings(settings)
        with self._lock:
            self._settings.put(session, encoded, len(encoded) + len(str(session)))

    def settings(self, session: Session) -> SessionSettings:
        """Give the settings that a session had when it was last seen here; the deployment's, if it was not.

        They may be outdated. A rule that the model is given to follow is better outdated than left out.
        """
        with self._lock:
            return decode_settings(self._settings.get(session))

    def add(self, turn: DegradedTurn, size: int, *, recorded: bool) -> None:
        """Remember a degraded turn of `size` bytes until it is `settled`."""
        with self._lock:
            self._ids.setdefault(turn.session, {})[turn.reply_id] = None
            for gone in self._turns.put((turn.session, turn.reply_id), _Kept(turn, recorded), size):
                self._unlist(*gone)

    def settled(self, turn: DegradedTurn) -> None:
        """Forget a turn: the store has it, or must not have it."""
        with self._lock:
            self._turns.drop((turn.session, turn.reply_id))
            self._unlist(turn.session, turn.reply_id)

    def forget(self, session: Session) -> None:
        """Forget all of a session, which was deleted."""
        with self._lock:
            self._settings.drop(session)
            for reply_id in self._ids.pop(session, {}):
                self._turns.drop((session, reply_id))

    def reply(self, session: Session, reply_id: str) -> Reply | None:
        """Give a reply that the store does not have yet."""
        with self._lock:
            kept = self._turns.get((session, reply_id))
        return kept.turn.reply(recorded=kept.recorded) if kept else None

    def repeated(self, session: Session, submission: Submission) -> Reply | None:
        """Give the reply that the same idempotency key got, where the store does not know of it yet.

        Raises:
            InvalidRequest: when the key was used for another message.
        """
        key, fingerprint = idempotency(submission)
        if not key:
            return None
        with self._lock:
            for kept in self._of(session):
                if kept.turn.idempotency[0] == key:
                    if kept.turn.idempotency[1] != fingerprint:
                        raise reused()
                    return kept.turn.reply(recorded=kept.recorded)
        return None

    def turns(self, session: Session) -> tuple[DegradedTurn, ...]:
        """Give the turns of a session that the store does not have yet, oldest first."""
        with self._lock:
            found = [kept.turn for kept in self._of(session)]
        return tuple(sorted(found, key=lambda turn: turn.accepted_at))

    def _of(self, session: Session) -> list[_Kept]:
        return [kept for each in self._ids.get(session, {}) if (kept := self._turns.get((session, each)))]

    def _unlist(self, session: Session, reply_id: str) -> None:
        ids = self._ids.get(session, {})
        ids.pop(reply_id, None)
        if not ids:
            self._ids.pop(session, None)
