"""One conversation in a session of its own: the real store, the real turns, the real compaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from secrets import token_hex

import msgspec

from backscroll.answering.answering import Answering, answer_session
from backscroll.answering.lease import Leases
from backscroll.answering.streaming import Streams
from backscroll.compaction.compact import Compacting, Result, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.errors import HandedBack, NotFound, TransientError
from backscroll.evaluating.conversations import Conversation
from backscroll.evaluating.models import Recorded, Watched
from backscroll.messages import tokens
from backscroll.messages.message import Message
from backscroll.model.port import Model, Prompt
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import Settings
from backscroll.store import sessions, submissions
from backscroll.store.redis import Store
from backscroll.store.sessions import State
from backscroll.store.submissions import Submission
from backscroll.store.turns import Context


@dataclass(frozen=True)
class Stage:
    """What it takes to play. `stop` ends the summaries in work; no session outlives its play."""

    store: Store
    leases: Leases
    streams: Streams
    summariser: Model
    settings: Settings
    tenant: str
    stop: Stop = field(default_factory=Stop)

    def set_to(self, settings: Settings) -> Stage:
        """Give the same stage with other settings."""
        return replace(self, settings=settings)


class Play:
    """A conversation that is being played.

    Each user message and the model's answer to it are a turn of the store, also where they are a tool's
    response and the next call: so every message enters the history as it was, and what belongs to one turn
    of the conversation is found by the plan as it always is.

    Args:
        stage: where.
        conversation: what is said.
        asked: told of each prompt that a reply model would have been sent.
        due: called when a compaction is due, as a worker would be rung; by default nobody hears it.
        blind: whether the recorded model is spared its prompt, which costs time and which it does not need.
    """

    def __init__(
        self,
        stage: Stage,
        conversation: Conversation,
        *,
        asked: Callable[[Prompt], object] = lambda _prompt: None,
        due: Callable[[Play], object] = lambda _play: None,
        blind: bool = False,
    ) -> None:
        self.stage = stage
        self.session = Session(stage.tenant, token_hex(12))
        self.summaries = Watched(stage.summariser)
        self._said = deque(conversation.messages[::2])
        self._windows = Windows(stage.store, stage.settings.budget, every=0)
        self._answering = Answering(
            store=stage.store,
            model=Recorded(iter(conversation.messages[1::2]), asked),
            settings=_unseeing(stage.settings, self._said) if blind else stage.settings,
            windows=self._windows,
            leases=stage.leases,
            streams=stage.streams,
            ring=lambda _session: None,
            ring_compaction=lambda _session: due(self),
        )

    def turn(self, messages: tuple[Message, ...]) -> None:
        """Play the next turn of the conversation, which consists of `messages`."""
        for _ in range(len(messages) // 2):
            self._say(1)

    def turns(self, turns: Sequence[tuple[Message, ...]]) -> None:
        """Play the next turns in one go, with no compaction between them."""
        left, most = sum(len(messages) // 2 for messages in turns), self.stage.settings.store.inbox_limit
        while left:
            self._say(batch := min(left, most))
            left -= batch

    def _say(self, count: int) -> None:
        self.stage.stop.check()
        for _ in range(count):
            ceiling = self.stage.settings.budget.ceiling_tokens
            submission = Submission(parts=self._said.popleft().parts, ceiling=ceiling)
            submissions.submit(self.stage.store, self.session, submission)
        if answer_session(self._answering, self.session, go_on=lambda: True) != count:
            raise TransientError("not_played", "somebody else answers in the session of an evaluation")

    def compact(self) -> Result:
        """Compact once.

        Raises:
            TransientError: when the summary model could not be had.
            PermanentError: when it would not do it.
        """
        compacting = Compacting(
            self.stage.store, self.summaries, self.stage.settings, self._windows, self.stage.stop
        )
        result = compact_session(compacting, self.session)
        if result == "handed_back":
            raise HandedBack
        if result == "refused" and self.summaries.error is not None:
            raise self.summaries.error
        return result

    def context(self) -> Context:
        """Read what the model would be sent now."""
        return sessions.read_context(self.stage.store, self.session)

    def state(self) -> State:
        """Read the session's state."""
        return sessions.state(self.stage.store, self.session)

    def end(self) -> None:
        """Erase the session."""
        try:
            sessions.delete(self.stage.store, self.session)
        except NotFound:
            return  # nothing was said in it


@contextmanager
def playing(
    stage: Stage,
    conversation: Conversation,
    *,
    asked: Callable[[Prompt], object] = lambda _prompt: None,
    due: Callable[[Play], object] = lambda _play: None,
    blind: bool = False,
) -> Iterator[Play]:
    """Have a conversation to play while the block runs; see `Play`."""
    play = Play(stage, conversation, asked=asked, due=due, blind=blind)
    try:
        yield play
    finally:
        play.end()


def _unseeing(settings: Settings, said: Iterable[Message]) -> Settings:
    # Room for each message, be it three times as dense as estimated, and for little besides.
    largest = max((tokens.of_parts(message.parts) for message in said), default=0)
    ceiling = min(3 * largest, settings.budget.ceiling_tokens)
    budget = msgspec.structs.replace(settings.budget, ceiling_tokens=ceiling)
    changed: Settings = msgspec.structs.replace(settings, budget=budget)
    return changed
