"""The schedule and the clients' habits: the same for the same seed, and every kind has its turn."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest

from backscroll.offline.faults import Fault
from backscroll.session import Session
from tests.chaos.habits import scripts, steps
from tests.chaos.schedule import KINDS, ROUND, Planned, plan
from tests.chaos.size import LEASE


def test_the_same_seed_gives_the_same_faults() -> None:
    assert plan(7, 300) == plan(7, 300)
    assert plan(7, 300) != plan(8, 300)


def test_more_seconds_only_add_to_the_end() -> None:
    shorter, longer = plan(7, 60), plan(7, 120)
    assert longer[: len(shorter)] == shorter
    assert len(longer) > len(shorter)


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_has_its_turn_within_a_minute(seed: int) -> None:
    assert {planned.kind for planned in plan(seed, 60)} == set(KINDS)
    assert set(ROUND) == set(KINDS)


@pytest.mark.parametrize("seed", range(5))
def test_faults_come_every_few_seconds_and_not_beyond_the_end(seed: int) -> None:
    times = [planned.at for planned in plan(seed, 120)]
    assert times[0] == 3.0
    assert times[-1] < 120
    assert all(1.4 < after - before < 4.1 for before, after in pairwise(times))


def test_only_the_kinds_that_were_asked_for() -> None:
    assert {planned.kind for planned in plan(1, 60, ("kill_web", "model"))} == {"kill_web", "model"}


def test_faults_may_be_sparse() -> None:
    times = [planned.at for planned in plan(1, 120, every=20)]
    assert all(11 <= after - before <= 29 for before, after in pairwise(times))


def test_a_worker_is_paused_for_longer_than_its_lease() -> None:
    pauses = [planned.seconds for planned in plan(1, 600) if planned.kind == "pause_reply"]
    assert min(pauses) > LEASE


def test_every_order_is_one_that_the_offline_model_takes_and_is_bounded() -> None:
    orders = [planned.order for planned in plan(1, 3600) if planned.order]
    faults = [msgspec.convert(order, Fault) for order in orders]
    assert len({fault.kind for fault in faults}) > 8
    assert all(0 < fault.count <= 6 for fault in faults)
    assert {fault.target for fault in faults} == {"reply", "summary"}


def test_a_schedule_is_data() -> None:
    planned = plan(3, 60)
    assert msgspec.json.decode(msgspec.json.encode(planned), type=tuple[Planned, ...]) == planned


def test_clients_do_the_same_for_the_same_seed() -> None:
    texts = ("one", "two")
    assert list(islice(steps(1, 0, texts), 50)) == list(islice(steps(1, 0, texts), 50))
    assert list(islice(steps(1, 0, texts), 50)) != list(islice(steps(2, 0, texts), 50))


def test_no_two_messages_of_a_session_are_the_same() -> None:
    said = [wish.said for step in islice(steps(1, 0, ("one", "two")), 50) for wish in step.wishes]
    assert len(set(said)) == len(said)
    assert said[:3] == ["one (message 1)", "two (message 2)", "one (message 3)"]


def test_some_clients_post_at_once_and_some_cancel() -> None:
    first = {number: list(islice(steps(1, number, ("one",)), 50)) for number in (0, 1)}
    assert {len(step.wishes) for step in first[0]} == {1, 2, 3}
    assert {len(step.wishes) for step in first[1]} == {1}
    assert any(wish.cancel_after is not None for step in first[0] for wish in step.wishes)
    assert all(wish.cancel_after is None for step in first[1] for wish in step.wishes)


def test_without_files_the_texts_are_generated_and_that_is_said(tmp_path: Path) -> None:
    where, found = scripts(tmp_path, 3)
    assert where == "generated sentences"
    assert len({Session("default", script.session) for script in found}) == 3
    assert all(script.texts for script in found)


def test_sessions_have_some_of_every_file(tmp_path: Path) -> None:
    for name in "ab":
        line = f'{{"id": "{name}", "messages": [{{"role": "user", "parts": [{{"text": "of {name}"}}]}}]}}'
        (tmp_path / f"{name}.jsonl").write_text(line)
    where, found = scripts(tmp_path, 5)
    assert where == "a.jsonl, b.jsonl"
    assert [script.texts[0] for script in found] == ["of a", "of b", "of a", "of b", "of a"]
