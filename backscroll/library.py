"""The library face: a whole conversation in one process, on the same code as web and workers.

    from backscroll import Backscroll

    chat = Backscroll()                      # settings from the environment
    print(chat.send("session-1", "hello").text)

Several processes, web and workers among them, may talk in the same session: the session lock orders them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Literal, Self

from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.compaction.compact import Compacting, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.doorbell import Doorbell
from backscroll.messages.media import detach
from backscroll.messages.message import Message
from backscroll.messages.part import Part, Text
from backscroll.messages.said import check_said
from backscroll.model.gemini import Gemini
from backscroll.model.guarded import Guarded
from backscroll.model.port import Model
from backscroll.session import DEFAULT_TENANT, Session
from backscroll.settings import load
from backscroll.store import replies, sessions, submissions
from backscroll.store.ended import Ended
from backscroll.store.redis import Store
from backscroll.store.replies import Reply
from backscroll.store.submissions import Submission

_TAKE_OVER = 0.5


class Backscroll:
    """Conversations that outlive the process.

    Args:
        environ: where the settings come from; the process's environment by default.
        model: who answers and summarises; Gemini by default.
        compaction: `inline` summarises within `send`, when it is due; `worker` leaves it to a worker.
        tenant: whose sessions.

    Leaving a `with` block, or `close`, closes its connections.

    Raises:
        InvalidSetting: for a setting that cannot be used.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        model: Model | None = None,
        compaction: Literal["inline", "worker"] = "inline",
        tenant: str = DEFAULT_TENANT,
    ) -> None:
        settings = load(environ)
        self._tenant = tenant
        self._store = Store(settings.store)
        self._ended = Ended(self._store)
        self._model = Guarded(model or Gemini(settings.model), settings.model)
        windows = Windows(self._store, settings.budget)
        compacting = Compacting(self._store, self._model, settings, windows)
        self._bell = Doorbell(settings.worker, probe_interval=settings.store.probe_interval)
        self._answering = Answering(
            store=self._store,
            model=self._model,
            settings=settings,
            windows=windows,
            leases=Leases(self._store),
            streams=Streams(self._store),
            ring=self._bell.ring,
            ring_compaction=(
                self._bell.ring_compaction
                if compaction == "worker"
                else lambda session: compact_session(compacting, session)
            ),
        )

    def send(self, session: str, text: str | Sequence[Part], *, timeout: float = 300.0) -> Reply:
        """Say something in `session` and return the ended reply.

        When somebody else is answering in this session, their turns come first: the call waits for its
        own to be answered, by whoever gets to it.

        Args:
            session: the conversation's name; it begins with its first message.
            text: what the user says: that, or parts (`messages.part.Text`, `messages.media.inline`).
            timeout: seconds after which the reply is returned as it stands.

        Raises:
            InvalidRequest: for a session name or message that cannot be accepted.
            BusyError: when too many messages wait in the session.
            StoreUnavailable: when Redis does not serve.
        """
        named = Session(self._tenant, session)
        parts, media = detach((Text(text),) if isinstance(text, str) else text)
        settings = self._answering.settings
        check_said(parts, "text", settings.web)
        ceiling = settings.budget.ceiling_tokens
        submission = Submission(parts=parts, media=media, ceiling=ceiling, field="text")
        submitted = submissions.submit(self._store, named, submission)
        deadline = time.monotonic() + timeout
        while True:
            # Who holds the session now may let go of it before our turn: then it is for us to take.
            answer_session(self._answering, named, go_on=lambda: self._waits(named, submitted.reply_id))
            left = deadline - time.monotonic()
            reply = self._ended.wait(named, submitted.reply_id, min(left, _TAKE_OVER))
            if reply.ended or left <= 0:
                return reply

    def history(self, session: str) -> list[Message]:
        """Return every message of `session`, in order.

        Raises:
            NotFound: when there is no such session.
            StoreUnavailable: when Redis does not serve.
        """
        named, messages, after = Session(self._tenant, session), list[Message](), 0
        while True:
            page = sessions.transcript(self._store, named, after=after, limit=500)
            messages.extend(page.messages)
            if page.next is None:
                return messages
            after = page.next

    def delete(self, session: str) -> None:
        """Erase `session`.

        Raises:
            NotFound: when there is no such session.
            StoreUnavailable: when Redis does not serve.
        """
        sessions.delete(self._store, Session(self._tenant, session))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to Redis, broker and model."""
        self._bell.close()
        self._ended.close()
        self._answering.leases.close()
        self._model.close()
        self._store.close()

    def _waits(self, session: Session, reply_id: str) -> bool:
        # Our own turn may stand behind others' in the inbox; behind it, theirs are not ours to answer.
        return replies.read(self._store, session, reply_id).position != 0
