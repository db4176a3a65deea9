"""The rules of who talks to the history store from outside: clients, and web processes after an outage."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from backscroll.errors import BusyError
from backscroll.messages.message import Usage
from backscroll.messages.part import Text
from backscroll.store import replies, sessions, submissions
from backscroll.store.recover import Answered, DegradedTurn, recover
from backscroll.store.submissions import Submission
from tests.integration.history_model import History
from tests.integration.history_session import HistorySession

# Ends a story that other rules could go on with: drawn, and then mostly left.
SELDOM = st.sampled_from([False] * 5 + [True])


class HistoryClients(HistorySession):
    """What clients do at any moment, and web processes that could not reach the store."""

    @initialize()
    def begin(self) -> None:
        self.submit("queue", keyed=False)

    @rule(on_busy=st.sampled_from(["queue", "queue", "reject", "merge"]), keyed=st.booleans())
    def submit(self, on_busy: Any, keyed: bool) -> None:
        text = f"said {next(self.said)}"
        key = text if keyed else None
        submission = Submission(parts=(Text(text),), on_busy=on_busy, idempotency_key=key)
        try:
            accepted = submissions.submit(self.store, self.session, submission)
        except BusyError:
            assert self.model.submit("none", text, on_busy) is None
            return
        assert accepted.new
        assert accepted.reply_id == self.model.submit(accepted.reply_id, text, on_busy)
        self.exists = True
        if keyed:
            self.keyed.append((text, submission, accepted.reply_id))

    @precondition(lambda self: self.keyed)
    @rule(data=st.data())
    def submit_again_with_the_same_key(self, data: st.DataObject) -> None:
        _, submission, reply_id = data.draw(st.sampled_from(self.keyed))
        accepted = submissions.submit(self.store, self.session, submission)
        assert (accepted.reply_id, accepted.new) == (reply_id, False)

    @precondition(lambda self: self.model.inbox or self.model.ended)
    @rule(data=st.data(), sure=SELDOM)
    def cancel(self, data: st.DataObject, sure: bool) -> None:
        if not sure:
            return
        known = [waiting.reply_id for waiting in self.model.inbox] + sorted(self.model.ended)
        reply_id = data.draw(st.sampled_from(known))
        replies.cancel(self.store, self.session, reply_id)
        self.model.cancel(reply_id)

    @precondition(lambda self: self.exists)
    @rule(expired=st.booleans(), sure=SELDOM)
    def end_the_session(self, expired: bool, sure: bool) -> None:
        if not sure:
            return
        if expired:
            for key in self.redis.scan_iter(f"*{self.session}:*"):
                if ":idem:" not in key.decode():  # lives its own day
                    self.redis.delete(key)
        else:
            sessions.delete(self.store, self.session)
            assert not list(self.redis.scan_iter(f"*{self.session}:events:*"))
        self.model, self.exists, self.keyed = History(), False, []

    @rule(data=st.data(), accepted=st.booleans())
    def recover(self, data: st.DataObject, accepted: bool) -> None:
        known = [waiting.reply_id for waiting in self.model.inbox] + sorted(self.model.ended)
        reply_id = data.draw(st.sampled_from(known)) if accepted and known else submissions.new_id()
        text = f"said {next(self.said)}"
        now = int(time.time() * 1000) + 1000  # behind the end of an earlier session of this name
        answer = Answered(parts=(Text(f"answer {text}"),), model="m", asked="m", usage=Usage(), complete=True)
        turn = DegradedTurn(
            session=self.session,
            reply_id=reply_id,
            reason="store_unavailable",
            accepted_at=now,
            finished_at=now,
            request=(Text(text),),
            answer=answer,
        )
        became, ring = recover(self.store, turn)
        assert became == self.model.recover(reply_id, text, f"answer {text}")
        assert ring == (became == "merged" and bool(self.model.inbox))
        self.exists = self.exists or became == "merged"
