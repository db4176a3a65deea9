"""Answering a message while the history store is away: at once, from what is known here, and saying so.

The answer goes to the spool, and from there into its session when the store is back. It has the reply's id
under which the store was called: should the call have been heard after all, the two are one reply.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from backscroll.errors import PermanentError, StoreUnavailable, TransientError
from backscroll.messages import tokens
from backscroll.messages.said import check_fits
from backscroll.metrics import DEGRADED
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.spool.files import Spool
from backscroll.spool.record import encode
from backscroll.store.recover import Answered, DegradedTurn
from backscroll.store.redis import Store
from backscroll.store.replies import Reply, ReplyError
from backscroll.store.submissions import Submission, idempotency
from web.remembered import Remembered

log = logging.getLogger(__name__)

REASON = "store_unavailable"


class Degraded:
    """What answers without a history. Threads share it."""

    def __init__(self, settings: Settings, store: Store, spool: Spool, remembered: Remembered) -> None:
        limits = settings.model
        deadline = min(limits.reply_deadline, settings.degraded.degraded_deadline)
        # Whoever posts waits for this answer, and is better told to come again than kept.
        self._settings = msgspec.structs.replace(
            settings, model=msgspec.structs.replace(limits, reply_deadline=deadline)
        )
        self._given = settings
        self._store = store
        self._spool = spool
        self._remembered = remembered
        self._room = threading.BoundedSemaphore(settings.degraded.degraded_turns)
        self._lock = threading.Lock()
        self._keys: dict[tuple[Session, str], tuple[threading.Lock, int]] = {}

    def answer(self, session: Session, submission: Submission, reply_id: str) -> Reply:
        """Answer a message which the store did not take.

        Args:
            session: whose; of its history, this outage's degraded turns of this process are known.
            submission: the message.
            reply_id: under which the store was asked to accept it.

        Returns:
            The reply, which has ended: also as failed, when the model refuses the message.

        Raises:
            StoreUnavailable: when the model does not answer either, or too many are at it.
            TooLarge: when it does not fit below the ceiling beside the session's settings.
            InvalidRequest: when the idempotency key was used for another message.
        """
        with self._alone(session, idempotency(submission)[0]):
            if earlier := self._remembered.repeated(session, submission):
                return earlier
            if not self._room.acquire(blocking=False):
                raise StoreUnavailable(
                    "the history store is away, and too many answers without it are in work"
                )
            try:
                turn = self._answered(session, submission, reply_id)
            finally:
                self._room.release()
            DEGRADED.labels(reason=REASON).inc()
            log.warning("degraded turn: reply=%s status=%s reason=%s", reply_id, turn.status, REASON)
            line = encode(turn, self._store.cipher(session))
            recorded = self._spool.append(line) == "written"
            self._remembered.add(turn, len(line), recorded=recorded)
            return turn.reply(recorded=recorded)

    def _answered(self, session: Session, submission: Submission, reply_id: str) -> DegradedTurn:
        # Loaded here: a process that meets no outage needs none of it.
        from backscroll.answering.context import build_prompt, of_settings
        from backscroll.answering.media import filled
        from backscroll.answering.turn import answer
        from backscroll.messages.media import detach
        from backscroll.model.stop import Stop
        from backscroll.store.turns import Context, Turn
        from web.loading import model

        accepted_at = _now()
        before = self._remembered.turns(session)
        known = {digest: each for turn in before for digest, each in turn.media.items()}
        messages = tuple(
            message for number, turn in enumerate(before) for message in turn.messages(2 * number)
        )
        turn = Turn(
            session=session,
            token="",  # nosec B106 # nobody holds the session
            reply_id=reply_id,
            request=submission.parts,
            model=submission.model,
            attempt=1,
            accepted_at=accepted_at,
            context=Context(messages=messages, last=len(messages)),
            settings=self._remembered.settings(session),
        )
        size, most = tokens.of_parts(turn.request), submission.ceiling
        check_fits(size, submission.field, most, settings=of_settings(turn.settings))
        limits = self._settings.model
        prompt = filled(
            build_prompt(turn, self._settings),
            limits.request_media_bytes,
            lambda digests: {**known, **submission.media},
        )
        found: Answered | None = None
        error: ReplyError | None = None
        media = dict(submission.media)
        try:
            asked, said = answer(prompt, model(self._given), self._settings, Stop())
        except TransientError as failure:
            log.warning("not answered: reply=%s code=%s", reply_id, failure.code)
            raise StoreUnavailable(
                f"the history store is away, and the model does not answer either ({failure.code})"
            ) from None
        except PermanentError as failure:
            error = ReplyError(failure.code, failure.message, retryable=False)
        else:
            parts, shown = detach(said.parts)
            media |= shown
            found = Answered(
                parts=parts,
                model=said.model,
                asked=asked.model,
                usage=said.usage,
                complete=said.finish == "stop",
            )
        return DegradedTurn(
            session=session,
            reply_id=reply_id,
            reason=REASON,
            accepted_at=accepted_at,
            finished_at=_now(),
            request=submission.parts,
            answer=found,
            error=error,
            media=media if found else {},
            model=submission.model,
            idempotency=idempotency(submission),
        )

    @contextmanager
    def _alone(self, session: Session, key: str) -> Iterator[None]:
        """Have one message with this idempotency key in work at a time: the others get its reply."""
        if not key:
            yield
            return
        name = session, key
        with self._lock:
            lock, users = self._keys.get(name, (threading.Lock(), 0))
            self._keys[name] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._keys[name]
                if users == 1:
                    del self._keys[name]
                else:
                    self._keys[name] = lock, users - 1


def _now() -> int:
    return int(time.time() * 1000)
