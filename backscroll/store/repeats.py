"""Messages that come again: what was accepted once asks for nothing new, whatever may be had by now."""

from __future__ import annotations

from typing import Any

from backscroll.session import Session
from backscroll.store import keys
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission, idempotency


def known(store: Store, session: Session, submission: Submission) -> bool:
    """Tell whether the session has accepted a message with this idempotency key: `submit` then adds nothing.

    Whether it was the same message, `submit` says.

    Raises:
        StoreUnavailable: when Redis does not serve.
    """
    digest, _ = idempotency(submission)
    if not digest:
        return False
    meta, *_ = keys.of_session(session, store.settings.shards)
    idem = keys.idempotency(session, store.settings.shards, digest)

    def look() -> list[Any]:
        return store.servers.pipelined(
            [(idem, ("HGET", idem, "session")), (meta, ("HGET", meta, "created_at"))]
        )

    of_session, began = store.call(look, reads=True)
    # A key of an earlier session of this name, which is gone, says nothing.
    return began is not None and of_session == began
