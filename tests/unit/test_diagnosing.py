"""Each part of a deployment is judged by what was seen of it, and what is wrong comes with what to do."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from backscroll.diagnosing import history, models, workers
from backscroll.diagnosing.finding import Finding
from backscroll.doorbell import Worker
from backscroll.errors import PermanentError
from backscroll.messages.message import Usage
from backscroll.model.port import Answer, Prompt
from backscroll.settings import ModelSettings
from backscroll.store.server import Server

HEALTHY = Server(
    product="Valkey",
    version=(8, 1, 0),
    role="master",
    loading=False,
    append_only=True,
    fsync="always",
    snapshots=False,
    eviction="noeviction",
    used_memory=10_000_000,
    maxmemory=100_000_000,
    latency=0.2,
    ahead=3.0,
)


def judged(**changed: Any) -> dict[str, Finding]:
    return {found.check: found for found in history.judge(msgspec.structs.replace(HEALTHY, **changed))}


def test_a_healthy_server_gives_no_advice() -> None:
    assert {found.level for found in judged().values()} == {"ok"}
    assert not any(found.advice for found in judged().values())


@pytest.mark.parametrize(
    ("changed", "check", "level"),
    [
        ({"version": (6, 2, 14)}, "history version", "error"),
        ({"role": "slave"}, "history role", "error"),
        ({"loading": True}, "history role", "error"),
        ({"append_only": False, "fsync": None}, "history on disk", "error"),
        ({"append_only": False, "snapshots": True}, "history on disk", "warning"),
        ({"fsync": "no"}, "history on disk", "warning"),
        ({"eviction": "allkeys-lru"}, "history eviction", "error"),
        ({"maxmemory": 0}, "history memory", "warning"),
        ({"used_memory": 85_000_000}, "history memory", "warning"),
        ({"used_memory": 99_000_000}, "history memory", "error"),
        ({"latency": 45.0}, "history latency", "warning"),
        ({"ahead": -4_000.0}, "clocks", "warning"),
        ({"ahead": 4_000.0}, "clocks", "warning"),
    ],
)
def test_what_is_wrong_with_a_server_is_found_alone_and_comes_with_advice(
    changed: dict[str, Any], check: str, level: str
) -> None:
    found = judged(**changed)
    assert found[check].level == level
    assert found[check].advice
    assert {name for name, finding in found.items() if finding.level != "ok"} == {check}


def test_a_server_that_hides_its_configuration_is_believed_its_append_only_file() -> None:
    assert judged(fsync=None)["history on disk"].level == "ok"


def worker(name: str, *queues: str, version: str = "1.0", clock: float = 100.0) -> Worker:
    return Worker(name=name, version=version, pid=1, queues=queues, time=clock)


def roll_call(*found: Worker) -> dict[str, Finding]:
    return {finding.check: finding for finding in workers.judge(found, "1.0", now=100.0)}


def test_a_queue_that_nobody_listens_on_is_named_with_the_command_that_helps() -> None:
    found = roll_call(worker("a", "replies"))
    assert found["workers of replies"].level == "ok"
    assert found["workers of compaction"].level == "error"
    assert "celery -A worker worker -Q compaction" in found["workers of compaction"].advice


def test_workers_of_other_versions_and_with_other_clocks_are_named() -> None:
    found = roll_call(
        worker("a", "replies", "compaction"),
        worker("b", "replies", version="0.9"),
        worker("c", "replies", clock=90.0),
    )
    assert found["versions"].said == "0.9, 1.0"
    assert "b" in found["versions"].advice
    assert found["workers' clocks"].said == "c"


class Models:
    """Models by name: those in `refusing` refuse."""

    def __init__(self, *refusing: str) -> None:
        self.refusing = refusing
        self.asked: list[str] = []

    def generate(self, prompt: Prompt, **_: Any) -> Answer:
        self.asked.append(prompt.model)
        if prompt.model in self.refusing:
            raise PermanentError("model_refused", "there is no such model")
        return Answer(parts=(), usage=Usage(), model=prompt.model, finish="stop")


def test_each_model_is_asked_once_whatever_it_is_for() -> None:
    settings = ModelSettings(reply_model="a", summary_model="a", fallback_model="b")
    asked = Models("b")
    found = list(models.ask_all(asked, settings, 1.0))
    assert asked.asked == ["a", "b"]
    assert [(finding.check, finding.level) for finding in found] == [
        ("model of replies, summaries", "ok"),
        ("model of fallback", "error"),
    ]
    assert found[1].advice == "there is no such model"


def test_without_a_key_no_model_is_asked() -> None:
    (found,) = models.look(ModelSettings(), 1.0)
    assert found.level == "error"
    assert "GEMINI_API_KEY" in found.advice
