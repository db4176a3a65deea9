"""What a turn costs in a long session: what it costs in a short one, by counts of Redis and the model."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
import redis as redis_py

from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.compaction.compact import Compacting, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.messages.chapter import Summary
from backscroll.messages.message import Usage
from backscroll.messages.part import Text, spoken
from backscroll.model.port import Answer, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import BudgetSettings, Settings
from backscroll.store import replies, sessions, submissions
from backscroll.store.memory import Memory
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission

# Turns of about 100 tokens; so little room for what is behind them that 50 turns have filled it.
BUDGET = BudgetSettings(
    recent_turns=4, trigger_turns=8, chapter_tokens=40, chapters_tokens=120, ledger_tokens=120
)
SAID = "We went on about the harbour, the ferries and the price of herring in the old town. " * 2
TOLD = "They spoke about the harbour, the ferries and the herring of the old town."
SHORT, LONG = 50, 500
# So many that some of them see a compaction: one comes with each fifth turn.
MEASURED = 20


class Speaker:
    """Answers at the same length whatever it is asked, and keeps how much it was asked."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        self.heard.append(sum(len(spoken(content.parts)) for content in prompt.contents))
        said = SAID if prompt.schema is None else msgspec.json.encode(Summary(what_happened=TOLD)).decode()
        if heard is not None:
            heard.begin()
            heard.hear((Text(said),), None)
        usage = Usage(prompt_tokens=500, output_tokens=50)
        return Answer(parts=(Text(said),), usage=usage, model="m", finish="stop")


class Cost(msgspec.Struct, frozen=True):
    """What turns cost: commands that Redis ran, those of scripts too, bytes to and from it, letters asked."""

    commands: int
    bytes: int
    prompts: int


class Deployment:
    """Who answers and compacts, on a Redis that nobody else calls."""

    def __init__(self, store: Store, redis: redis_py.Redis, *, remembers: bool) -> None:
        self.store, self.redis, self.model = store, redis, Speaker()
        self.remembers = remembers
        settings = Settings(store=store.settings, budget=BUDGET)
        windows = Windows(store, BUDGET)
        self._leases = Leases(store)
        self._due: list[Session] = []
        self._compacting = Compacting(store, self.model, settings, windows)
        self._answering = Answering(
            store=store,
            model=self.model,
            settings=settings,
            windows=windows,
            leases=self._leases,
            streams=Streams(store),
            ring=lambda _: None,
            ring_compaction=self._due.append,
        )

    def turn(self, session: Session, number: int) -> None:
        """Ask, answer, compact where that is due, and read it all as a client does."""
        if not self.remembers:
            self.store.memory = Memory()
        said = submissions.submit(self.store, session, Submission(parts=(Text(f"{number:05} {SAID}"),)))
        assert answer_session(self._answering, session, go_on=lambda: False) == 1
        while self._due:
            assert compact_session(self._compacting, self._due.pop()) == "applied"
        assert replies.read(self.store, session, said.reply_id).status == "completed"
        sessions.state(self.store, session)
        sessions.read_context(self.store, session)
        sessions.transcript(self.store, session, after=2 * number - 20, limit=20)

    def cost(self, session: Session, start: int) -> Cost:
        """Have turns, and give what they cost."""
        before = self._counted()
        asked = len(self.model.heard)
        for number in range(start, start + MEASURED):
            self.turn(session, number)
        commands, moved = (b - a for a, b in zip(before, self._counted(), strict=True))
        return Cost(commands, moved, sum(self.model.heard[asked:]))

    def _counted(self) -> tuple[int, int]:
        stats = self.redis.info("stats")
        commands = sum(each["calls"] for each in self.redis.info("commandstats").values())
        return commands, stats["total_net_input_bytes"] + stats["total_net_output_bytes"]

    def close(self) -> None:
        self._leases.close()


@pytest.fixture(params=[True, False], ids=["who remembers", "who remembers nothing"])
def deployment(alone: tuple[redis_py.Redis, Store], request: pytest.FixtureRequest) -> Iterator[Deployment]:
    redis, store = alone
    found = Deployment(store, redis, remembers=request.param)
    yield found
    found.close()


def test_f35_a_turn_of_a_long_session_costs_what_one_of_a_short_session_costs(
    deployment: Deployment, session: Session
) -> None:
    # Elsewhere each read and each append took the longer, the longer the session was.
    for number in range(SHORT):
        deployment.turn(session, number)
    short = deployment.cost(session, SHORT)
    for number in range(SHORT + MEASURED, LONG):
        deployment.turn(session, number)
    long = deployment.cost(session, LONG)

    state = sessions.state(deployment.store, session)
    assert (state.messages, len(state.chapters) > 1) == (2 * (LONG + MEASURED), True)
    assert long.commands <= 1.3 * short.commands
    assert long.bytes <= 1.3 * short.bytes
    assert long.prompts <= 1.3 * short.prompts
