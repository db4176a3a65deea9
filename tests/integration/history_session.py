"""One session on a real Redis beside the model of it, and what must hold of the two after every step."""

from __future__ import annotations

import json
import os
from itertools import count
from typing import Any

import pytest
import redis as redis_py
from hypothesis.stateful import RuleBasedStateMachine, invariant

from backscroll.errors import LeaseLost, NotFound
from backscroll.messages.part import spoken
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.store import events, keys, replies, sessions
from backscroll.store.compactions import Snapshot
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from backscroll.store.turns import Ended, Turn
from tests.integration.history_model import INBOX_LIMIT, MAX_ATTEMPTS, Change, History
from tests.stack.expiry import eternal

_names = count()
# In the order of keys.of_session.
_KEYS = "meta live chapters ledger archive inbox lock offer replies media due compactions meter".split()  # noqa: SIM905


class HistorySession(RuleBasedStateMachine):
    """The session. Who works on it, and in which order, is said by the rules of a subclass."""

    url: str
    encryption_keys = ""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(
            StoreSettings(
                redis_url=self.url,
                encryption_keys=self.encryption_keys,
                max_attempts=MAX_ATTEMPTS,
                inbox_limit=INBOX_LIMIT,
                shards=4,
            )
        )
        self.redis = redis_py.Redis.from_url(self.url)
        self.session = Session("machine", f"s{os.getpid()}-{next(_names)}")
        self.names = dict(zip(_KEYS, keys.of_session(self.session, 4), strict=False))
        self.model = History()
        self.exists = False
        self.said = count()
        self.tokens = count()
        self.batches = count(1)
        self.turns: list[Turn] = []
        self.brought: dict[str, tuple[Change, bool]] = {}
        self.statuses: dict[tuple[str, str], str] = {}
        self.snapshots: list[tuple[Snapshot, Change]] = []
        self.keyed: list[tuple[str, Submission, str]] = []

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        # In this order: reading lengthens every life, and would hide a key that was left without an expiry.
        self._every_key_expires()
        self._the_session_is_as_the_model_says()
        self._every_reply_is_as_the_model_says()
        self._what_waits_will_be_looked_at()

    def _every_key_expires(self) -> None:
        with self.redis.pipeline(transaction=False) as pipeline:
            for key in self.names.values():
                pipeline.pttl(key)
            left = dict(zip(self.names, pipeline.execute(), strict=True))
        assert [name for name, ms in left.items() if ms == -1] == []

    def _the_session_is_as_the_model_says(self) -> None:
        if not self.exists:
            with pytest.raises(NotFound):
                sessions.state(self.store, self.session)
            return
        state = sessions.state(self.store, self.session)
        page = sessions.transcript(self.store, self.session, limit=1000)
        assert [m.seq for m in page.messages] == list(range(1, len(self.model.transcript) + 1))
        assert [(m.role, tuple(spoken([p]) for p in m.parts)) for m in page.messages] == self.model.transcript
        assert state.messages == len(self.model.transcript)
        assert state.watermark == self.model.watermark
        assert [(chapter.first, chapter.last) for chapter in state.chapters] == self.model.chapters
        assert list(state.pending) == [waiting.reply_id for waiting in self.model.inbox]
        assert (self.redis.get(self.names["lock"]) or b"").decode() == (self.model.holder or "")
        assert bool(self.redis.exists(self.names["offer"])) == (self.model.offer is not None)
        context = sessions.read_context(self.store, self.session)
        assert [said.seq for said in context.ledger.said] == list(range(1, self.model.watermark + 1))
        assert [message.seq for message in context.messages] == list(
            range(self.model.watermark + 1, len(self.model.transcript) + 1)
        )
        assert context.restored == self.model.restored

    def _every_reply_is_as_the_model_says(self) -> None:
        for waiting in self.model.inbox:
            reply = replies.read(self.store, self.session, waiting.reply_id)
            assert (reply.status, reply.attempts) == (
                "in_progress" if waiting.token else "queued",
                waiting.attempts,
            )
            begun, *_ = self._told(waiting.reply_id)
            begun.pop("position", None)  # where nobody has told anything yet
            assert begun == {"status": reply.status, "attempt": waiting.attempts}
        for reply_id, (status, _) in list(self.model.ended.items())[-3:]:
            assert replies.read(self.store, self.session, reply_id).status == status
            *_, end = self._told(reply_id)
            assert end == {"status": status}

    def _told(self, reply_id: str) -> list[Any]:
        """Give what was told of a reply: its events in order, each once, and one of them its beginning."""
        told = events.read(self.store, self.session, reply_id).events
        ids = [event.order for event in told]
        assert ids == sorted(set(ids))
        assert [event.kind == "status" for event in told] == [True] + [False] * (len(told) - 1)
        assert all(event.kind != "end" for event in told[:-1])
        return [json.loads(event.data) for event in told]

    def _what_waits_will_be_looked_at(self) -> None:
        """No doorbell is needed: the sweep knows every session with work, and every compaction in work."""
        if self.model.inbox:
            assert self.redis.zscore(self.names["due"], str(self.session)) is not None
        if self.model.compaction or self.model.noted:
            assert self.redis.zscore(self.names["compactions"], str(self.session)) is not None

    def teardown(self) -> None:
        found = list(self.redis.scan_iter(f"*{self.session}:*"))
        endless = eternal(self.redis, f"*{self.session}:*")
        if found:
            self.redis.delete(*found)
        self.store.close()
        self.redis.close()
        assert endless == []

    def took(self, turn: Turn | None, token: str, waiting: Any) -> None:
        """Compare a turn that was claimed as `token` with the waiting reply that the model would begin."""
        assert (turn is not None) == (waiting is not None)
        if turn is None:
            return
        assert (turn.reply_id, turn.token) == (waiting.reply_id, token)
        assert [spoken([part]) for part in turn.request] == waiting.texts
        assert [message.text for message in turn.context.messages] == [
            "".join(texts) for _, texts in self.model.live()
        ]
        assert turn.context.last == len(self.model.transcript)
        if turn not in self.turns:
            self.turns.append(turn)

    def ended(self, turn: Turn, status: str, real: Any, modelled: Any, *, go_on: bool) -> None:
        """End a turn for real and in the model, where it may still be ended; else see it refused."""
        if self.model.ended.get(turn.reply_id) == (status, turn.token):
            # A replay: nothing is written again, and the next turn of the same holder is told again.
            again: Ended = real()
            if again.next_turn is not None:
                assert go_on
                assert again.next_turn.reply_id == self.model.inbox[0].reply_id
            elif self.model.holder == turn.token:
                self.model.hand_over(turn.token, go_on=go_on)
            return
        if not self.model.holds(turn.token, turn.reply_id):
            with pytest.raises(LeaseLost):
                real()
            return
        self.took(real().next_turn, turn.token, modelled())
