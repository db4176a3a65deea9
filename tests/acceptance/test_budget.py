"""`backscroll budget` tells what turns cost, and which window serves them best."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backscroll import Backscroll
from backscroll.settings import StoreSettings, load
from backscroll.store.redis import Store
from tests.stack import metered
from tests.stack.command import Done, call, run
from tests.stack.databases import Databases
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack
from tests.unit.measured import drawn

SUPPORT = drawn(64)


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """A database of one's own: what a deployment has measured is one for all of its sessions."""
    with databases.own() as own:
        yield own.redis


def budget(url: str, *options: str, way: Callable[..., Done] = call, **env: str) -> Done:
    return way("budget", *options, env={"COLUMNS": "100", "REDIS_URL": url, **env})


def report(url: str, *options: str, **env: str) -> dict[str, Any]:
    done = budget(url, "--json", *options, **env)
    assert done.code == 0, done.stderr + done.stdout
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(url: str, sizes: list[int], **others: int) -> None:
    """Count turns as workers do, in two shards."""
    store = Store(StoreSettings(redis_url=url))
    metered.count(store, 5, sizes[::2], **others)
    metered.count(store, 40, sizes[1::2])
    store.close()


def test_what_was_measured_is_told_with_a_window_for_it(url: str) -> None:
    measure(url, SUPPORT, compactions=4, summary_calls=6, summary_input_tokens=9000, tokens_saved=7000)
    found = report(url)
    assert found["measured"]["turns"] == len(SUPPORT)
    assert found["measured"]["mean"] == pytest.approx(sum(SUPPORT) / len(SUPPORT), abs=0.1)
    assert found["measured"]["p50"] == pytest.approx(sorted(SUPPORT)[149], rel=0.1)
    assert found["measured"]["p95"] == pytest.approx(sorted(SUPPORT)[284], rel=0.1)

    assert found["target"] == found["settings"]["context_tokens"] == 15_000
    present, better = found["present"], found["recommended"]
    assert (present["window"]["recent_turns"], present["window"]["trigger_turns"]) == (10, 14)
    assert 0.75 < present["forecast"]["stable_share"] < 0.9 < better["forecast"]["stable_share"] < 1
    assert better["forecast"]["cost_per_turn"] < present["forecast"]["cost_per_turn"]
    spent = found["spent"]
    assert [spent[name] for name in ("compactions", "summary_calls", "tokens_saved")] == [4, 6, 7000]


def test_what_it_says_to_set_gives_what_it_recommends(url: str) -> None:
    measure(url, drawn(600))
    found = report(url, "--target", "30000")
    window = found["recommended"]["window"]
    assert found["environment"]["BACKSCROLL_CONTEXT_TOKENS"] == "30000"
    assert report(url, **found["environment"])["present"]["window"] == window
    assert report(url, **found["environment_auto"])["present"]["window"] == window
    assert load(found["environment"]).budget.recent_turns == window["recent_turns"]


def test_people_get_tables(url: str) -> None:
    measure(url, SUPPORT, compactions=4, **{"refused:empty": 3})
    done = budget(url, way=run)
    assert (done.code, done.stderr) == (0, "")
    for words in (
        "300",
        "p95",
        "BACKSCROLL_TRIGGER_TURNS",
        "for 15,000",
        "by turns",
        "stable prefix",
        "to set it:      BACKSCROLL_RECENT_TURNS=10 BACKSCROLL_TRIGGER_TURNS=",
        "to follow it:   BACKSCROLL_RECENT_TURNS=auto",
        "3 empty",
    ):
        assert words in done.stdout, done.stdout


def test_with_auto_there_is_nothing_to_set(url: str) -> None:
    measure(url, SUPPORT)
    done = budget(url, BACKSCROLL_RECENT_TURNS="auto")
    assert "the present window is the recommended one" in done.stdout
    assert "(auto)" in done.stdout
    assert "to set it" not in done.stdout


def test_where_nothing_was_measured_it_says_so(url: str) -> None:
    found = report(url)
    assert found["measured"] == {"turns": 0, "mean": None, "p50": None, "p95": None}
    assert found["present"]["window"]["recent_turns"] == 10
    assert (found["present"]["forecast"], found["recommended"]) == (None, None)
    done = budget(url)
    assert done.code == 0
    assert "none yet" in done.stdout
    assert "it takes 50 measured turns" in done.stdout


def test_a_redis_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    done = budget(f"unix://{tmp_path}/nobody.sock", "--json")
    assert done.code == 1
    [line] = done.stderr.splitlines()
    assert "cannot be reached" in line
    assert "REDIS_URL" in line


def test_a_wrong_setting_is_named(url: str) -> None:
    done = budget(url, BACKSCROLL_TRIGGER_TURNS="many")
    assert done.code == 1
    [line] = done.stderr.splitlines()
    assert "BACKSCROLL_TRIGGER_TURNS" in line


def test_a_target_that_the_ceiling_forbids_is_refused(url: str) -> None:
    assert report(url, "--target", "40000")["target"] == 40_000
    for target in ("40001", "99", "many"):
        done = budget(url, "--target", target)
        assert done.code == 2
        assert "--target" in done.stderr
        assert "Traceback" not in done.stderr


def test_auto_follows_what_was_measured(
    make_stack: Callable[..., Stack], model: OfflineModel, sid: str
) -> None:
    # For turns of 4,000 tokens there is hardly room: one stays, and each next one is compacted at once.
    stack = make_stack(BACKSCROLL_RECENT_TURNS="auto")
    measure(stack.env["REDIS_URL"], [4000] * 100)
    window = report(stack.env["REDIS_URL"], BACKSCROLL_RECENT_TURNS="auto")["present"]["window"]
    assert (window["recent_turns"], window["trigger_turns"]) == (1, 1)
    with Backscroll(stack.env) as chat:
        for number in range(4):
            chat.send(sid, f"Remark {number} from {sid} about the harbour and the price of herring in town.")
    first, second, *_ = model.requests("summary", containing=sid)
    assert "Remark 0" in str(first["body"])
    assert "Remark 1" in str(second["body"])
    assert "Remark 2" not in str(second["body"]), "the newest turn stays"


def test_help_teaches(url: str) -> None:
    done = budget(url, "--help")
    assert done.code == 0
    for words in ("redis.sock?db=0", "within 9 %", "--target 30000", "BACKSCROLL_RECENT_TURNS=auto"):
        assert words in done.stdout
