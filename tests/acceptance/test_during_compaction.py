"""While a summary is being written everything goes on: replies, and what is said meanwhile is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import redis as redis_py

from tests.stack.api import Api, user_texts
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

TRIGGER_TURNS = 4


class Divided:
    """A deployment whose summaries are written by a model of their own, which can fall silent."""

    def __init__(self, stack: Stack, summariser: OfflineModel) -> None:
        self._stack = stack
        self._summariser = summariser
        stack.start("replies")
        stack.worker("compaction", GOOGLE_GEMINI_BASE_URL=summariser.url)

    @property
    def api(self) -> Api:
        return self._stack.have_web().api

    @contextmanager
    def compacting(self, sid: str) -> Iterator[list[str]]:
        """Talk until a compaction is in work, and have it in work, the same one, until the block ends.

        Gives what was said so far.
        """
        with self._summariser.silent():
            said = [f"Remark {number} of {sid}" for number in range(TRIGGER_TURNS + 1)]
            for text in said:
                self.api.say(sid, text)
            begun = until("a compaction is in work", lambda: self._in_work(sid))
            yield said
            assert self._in_work(sid) == begun, "it is still in work"
            assert not self.api.session(sid)["chapters"]

    def _in_work(self, sid: str) -> bytes | None:
        """Give the token of the session's compaction, as long as there is one."""
        with redis_py.Redis.from_url(self._stack.env["REDIS_URL"]) as redis:
            (meta,) = redis.scan_iter(f"bs:*/{sid}:meta")
            return redis.hget(meta, "compaction")


@pytest.fixture(scope="module")
def divided(
    make_lasting_stack: Callable[..., Stack], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Divided]:
    summariser = OfflineModel(tmp_path_factory.mktemp("summariser"))
    stack = make_lasting_stack(
        BACKSCROLL_RECENT_TURNS="2",
        BACKSCROLL_TRIGGER_TURNS=str(TRIGGER_TURNS),
        BACKSCROLL_CONTEXT_TOKENS="9000",
    )
    yield Divided(stack, summariser)
    summariser.stop()


def test_f17_f18_nobody_waits_for_a_summary(divided: Divided, sid: str) -> None:
    # Elsewhere the summary ran within the reply, or messages were turned away while it ran.
    api = divided.api
    with divided.compacting(sid), ThreadPoolExecutor(4) as pool:
        rids = list(pool.map(lambda n: api.submit(sid, f"quick question {n}"), range(4)))
        assert [api.ended(sid, rid)["status"] for rid in rids] == ["completed"] * 4


def test_f01_f18_messages_posted_during_a_summary_are_answered_and_all_kept(
    divided: Divided, sid: str
) -> None:
    # Elsewhere what arrived meanwhile was trimmed away by position, or refused with a 409.
    api = divided.api
    with divided.compacting(sid) as said:
        for number in range(4):
            said.append(f"Meanwhile {number}")
            api.say(sid, said[-1])
    state = api.until_session(
        sid, "a chapter is there", lambda s: s["chapters"] and s["compaction"] == "none"
    )
    assert user_texts(api.transcript(sid)) == said
    live = [message["seq"] for message in api.context(sid)["messages"]]
    assert live == list(range(state["watermark"] + 1, 2 * len(said) + 1))
