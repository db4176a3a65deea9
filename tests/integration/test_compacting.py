"""Whole compactions on a real Redis: chapter, ledger and merge go home together, or nothing does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec
import pytest
import redis as redis_py

from backscroll.compaction.compact import Compacting, Result, compact_session
from backscroll.compaction.measuring import Windows
from backscroll.errors import ModelUnavailable, StoreUnavailable, TokensSpent, TransientError
from backscroll.messages.chapter import Summary
from backscroll.messages.message import Usage
from backscroll.messages.part import Text, spoken
from backscroll.model.port import Answer, Heard, Prompt
from backscroll.model.stop import Stop
from backscroll.session import Session
from backscroll.settings import AccessSettings, BudgetSettings, ModelSettings, Settings
from backscroll.store import bounds, compactions, meter, sessions, submissions
from backscroll.store.redis import Store
from backscroll.store.sessions import State
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit, texts
from tests.integration.test_compactions import let_the_lease_run_out

Interrupted = Callable[[str, Callable[[], object]], Store]

FREE = AccessSettings()
LONG = "We went on about the harbour, the ferries and the price of herring in the old town. " * 4
SAID = "They spoke about the harbour, the ferries and the herring of the old town, and what it is like there."


class Summariser:
    """Writes what `about` says of each prompt; an error that it gives is raised."""

    def __init__(self, about: Callable[[Prompt], str | Exception] = lambda _prompt: told(SAID)) -> None:
        self.prompts: list[Prompt] = []
        self._about = about

    def generate(
        self, prompt: Prompt, *, timeout: float, deadline: float, stop: Stop, heard: Heard | None = None
    ) -> Answer:
        self.prompts.append(prompt)
        said = self._about(prompt)
        if isinstance(said, Exception):
            raise said
        usage = Usage(prompt_tokens=100, output_tokens=10)
        return Answer(parts=(Text(said),), usage=usage, model="cheap", finish="stop")


def told(text: str) -> str:
    return msgspec.json.encode(Summary(what_happened=text)).decode()


def merging(prompt: Prompt) -> bool:
    return "in their place" in prompt.system


def asked(prompt: Prompt) -> str:
    return spoken(prompt.contents[0].parts)


def talk(store: Store, session: Session, texts: Sequence[str]) -> None:
    for text in texts:
        said = submissions.submit(store, session, Submission(parts=(Text(text),)))
        commit(store, claim(store, session, said.reply_id), "I see.")


def compact(
    store: Store,
    session: Session,
    model: Summariser,
    access: AccessSettings = FREE,
    **budget: int,
) -> Result:
    settings = Settings(
        access=access,
        budget=BudgetSettings(**{"recent_turns": 1, "trigger_turns": 2, **budget}),
        model=ModelSettings(summary_deadline=0.3, summary_tokens=400),
    )
    compacting = Compacting(store, model, settings, Windows(store, settings.budget))
    return compact_session(compacting, session)


def state(store: Store, session: Session) -> State:
    return sessions.state(store, session)


@pytest.fixture
def session(sid: str) -> Session:
    return Session("compacting", sid)


def test_a_compaction_brings_chapter_and_ledger_home_in_one_step(store: Store, session: Session) -> None:
    talk(store, session, ["The code is 4711-B.", f"Then. {LONG}", "Now?"])
    assert compact(store, session, Summariser()) == "applied"
    context = sessions.read_context(store, session)
    (chapter,) = context.chapters
    assert (chapter.first, chapter.last, chapter.text, chapter.level) == (1, 4, SAID, 0)
    assert [value.text for said in context.ledger.said for value in said.values] == ["4711-B"]
    assert (context.ledger.covered, context.ledger.spoken) == (chapter.tokens_before, chapter.tokens_before)
    assert [message.text for message in context.messages] == ["Now?", "I see."]


def test_f03_older_chapters_are_merged_where_all_of_them_exceed_their_share(
    store: Store, session: Session
) -> None:
    # Elsewhere old summaries were never folded: they piled up until the budget was full.
    model = Summariser()
    for _ in range(12):
        talk(store, session, [LONG] * 2)
        assert compact(store, session, model, chapters_tokens=100) == "applied"
    found = state(store, session)
    assert sum(chapter.tokens_after for chapter in found.chapters) <= 150
    assert max(chapter.level for chapter in found.chapters) >= 2
    covered = [(chapter.first, chapter.last) for chapter in found.chapters]
    assert covered[0][0] == 1
    assert covered[-1][1] == found.watermark
    assert all(before[1] + 1 == after[0] for before, after in pairwise(covered))
    assert any(map(merging, model.prompts))


def test_each_compaction_reads_only_what_it_covers(store: Store, session: Session) -> None:
    model = Summariser()
    for number in range(4):
        talk(store, session, [f"Topic {name} {LONG}" for name in ("a", "b")])
        compact(store, session, model)
        newest = [prompt for prompt in model.prompts if not merging(prompt)][-1]
        seqs = [int(line[1 : line.index("]")]) for line in asked(newest).splitlines()]
        assert seqs[0] == number * 4 + 1 - 2 * (number > 0)


def test_where_the_gate_refuses_some_others_are_merged(store: Store, session: Session) -> None:
    def about(prompt: Prompt) -> str:
        # Whatever the first chapter is merged with, the gate refuses: that must not end all merging.
        return "NONE" if merging(prompt) and asked(prompt).startswith("[1-") else told(SAID)

    model = Summariser(about)
    for _ in range(30):
        talk(store, session, [LONG] * 2)
        assert compact(store, session, model, chapters_tokens=100) == "applied"
    found = state(store, session).chapters
    assert (found[0].first, found[0].level) == (1, 0)
    assert len(found) <= 20
    assert max(chapter.level for chapter in found) >= 1


def test_a_model_that_does_not_answer_is_asked_for_one_merge_only(store: Store, session: Session) -> None:
    model = Summariser(lambda prompt: ModelUnavailable("it is down") if merging(prompt) else told(SAID))
    for _ in range(20):
        talk(store, session, [LONG] * 2)
        before = len(model.prompts)
        assert compact(store, session, model, chapters_tokens=100) == "applied"
        assert len(model.prompts) <= before + 2
    assert any(map(merging, model.prompts))


def test_a_merge_that_is_refused_leaves_the_older_chapters_as_they_are(
    store: Store, session: Session
) -> None:
    model = Summariser(lambda prompt: "NONE" if merging(prompt) else told(SAID))
    for _ in range(6):
        talk(store, session, [LONG] * 2)
        assert compact(store, session, model, chapters_tokens=100) == "applied"
    assert any(map(merging, model.prompts))
    assert [chapter.level for chapter in state(store, session).chapters] == [0] * 6


def test_f12_a_range_larger_than_the_summary_models_input_is_read_in_parts(
    store: Store, session: Session
) -> None:
    # Elsewhere what did not fit was neither summarised nor kept.
    model = Summariser()
    talk(store, session, [f"Remark {word}. {LONG}" for word in ("a", "b", "c", "d", "e", "f")])
    assert compact(store, session, model) == "applied"
    assert len(model.prompts) > 2
    together = "\n".join(map(asked, model.prompts))
    assert all(f"[{seq}]" in together for seq in range(1, 11))
    (chapter,) = state(store, session).chapters
    assert chapter.text == " ".join([SAID] * len(model.prompts))


def test_f05_when_one_part_cannot_be_had_nothing_changes_and_what_was_read_is_paid_for(
    store: Store, session: Session
) -> None:
    # Elsewhere messages were taken out before the summary existed, then it failed.
    down = TransientError("model_unavailable", "down")
    model = Summariser(lambda prompt: down if "[9]" in asked(prompt) else told(SAID))
    talk(store, session, [LONG] * 6)
    assert compact(store, session, model) == "refused"
    found = state(store, session)
    assert (found.watermark, found.chapters) == (0, ())
    assert found.refused == {"model_unavailable": 1}
    assert found.summaries.calls >= 1
    assert len(texts(store, session)) == 12


@pytest.mark.parametrize(
    ("step", "summary"),
    [("begin_compaction", told(SAID)), ("write_back", told(SAID)), ("end_compaction", "NONE")],
)
def test_f05_when_the_store_fails_at_a_step_nothing_changes_and_it_is_tried_again(
    store: Store, redis: redis_py.Redis, session: Session, interrupted: Interrupted, step: str, summary: str
) -> None:
    def away() -> None:
        raise StoreUnavailable("away")

    talk(store, session, [LONG] * 6)
    compactions.request(store, session)
    before, said = sessions.read_context(store, session), texts(store, session)
    with pytest.raises(StoreUnavailable):
        compact(interrupted(step, away), session, Summariser(lambda _prompt: summary))
    assert (sessions.read_context(store, session), texts(store, session)) == (before, said)
    assert state(store, session).compaction_due
    let_the_lease_run_out(store, redis, session)
    assert compact(store, session, Summariser()) == "applied"
    assert texts(store, session) == said


def test_a_chapter_says_what_the_gate_said_before_it(store: Store, session: Session) -> None:
    answers = iter(["NONE", told("They agreed on 99 herrings."), told(SAID)])
    model = Summariser(lambda _prompt: next(answers))
    talk(store, session, [LONG] * 3)
    assert [compact(store, session, model) for _ in range(3)] == ["refused", "refused", "applied"]
    assert state(store, session).chapters[0].refused == ("empty", "wrong_number")


def test_what_compactions_cost_is_counted_for_the_session_and_in_all(store: Store, session: Session) -> None:
    before = meter.read(store)
    talk(store, session, [LONG] * 2)
    compact(store, session, Summariser())
    found, after = state(store, session), meter.read(store)
    assert (found.summaries.calls, found.summaries.input_tokens, found.summaries.output_tokens) == (
        1,
        100,
        10,
    )
    assert found.tokens_saved == found.chapters[0].tokens_before - found.chapters[0].tokens_after
    assert after.summary_calls - before.summary_calls >= 1
    assert after.tokens_saved - before.tokens_saved >= found.tokens_saved


def test_summaries_the_refused_ones_too_are_on_the_account_of_the_tenant(store: Store, sid: str) -> None:
    session, most = Session(f"t-{sid}", sid), AccessSettings(tenant_tokens=220)
    talk(store, session, [LONG] * 2)
    assert compact(store, session, Summariser(lambda _prompt: "NONE"), most) == "refused"
    bounds.spare_tokens(store, most, session.tenant)
    assert compact(store, session, Summariser(), most) == "applied"
    with pytest.raises(TokensSpent):
        bounds.spare_tokens(store, most, session.tenant)


def test_without_room_for_a_ledger_there_is_none_and_what_was_left_out_is_counted(
    store: Store, session: Session
) -> None:
    talk(store, session, [f"The code is 4711-B. {LONG}", "And now?"])
    compact(store, session, Summariser(), ledger_tokens=0)
    ledger = sessions.read_context(store, session).ledger
    assert (ledger.said, ledger.pending) == ((), ())
    assert ledger.dropped > 0
