"""A line of log as JSON: its fields, what it is about, and what it leaves out."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest

from backscroll import logs
from backscroll.logs.lines import JsonLines
from backscroll.session import Session

SAID = "what somebody said"


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    logs.begin()
    yield
    logs.begin()


def line(message: str, *args: object, level: int = logging.WARNING, **parts: Any) -> dict[str, Any]:
    record = logging.LogRecord(
        "backscroll.some.place", level, __file__, 1, message, args, **{"exc_info": None, **parts}
    )
    found: dict[str, Any] = json.loads(JsonLines().format(record))
    return found


def test_a_line_has_time_level_logger_and_message_in_this_order() -> None:
    found = line("the history store takes writes again")
    assert list(found) == ["time", "level", "logger", "message"]
    assert found["time"].endswith("Z")
    del found["time"]
    assert found == {
        "level": "WARNING",
        "logger": "backscroll.some.place",
        "message": "the history store takes writes again",
    }


def test_named_values_of_a_line_are_fields_of_their_own_types() -> None:
    found = line("compaction refused: reason=%s next_try_seconds=%g", "empty", 2.5)
    assert found["message"] == "compaction refused: reason=empty next_try_seconds=2.5"
    assert (found["reason"], found["next_try_seconds"]) == ("empty", 2.5)


@pytest.mark.parametrize(
    ("template", "values", "fields"),
    [
        ("%s is back after %.1f s", ("broker", 1.0), {}),
        ("tokens not counted: what=%s tokens=%d: %s", ("x", 3, "down"), {"what": "x", "tokens": 3}),
        ("100 %% of count=%d", (7,), {"count": 7}),
        ("%s: code=%s", ("turns", "x"), {"code": "x"}),
        ("message=%s level=%s", ("other", "other"), {}),
    ],
)
def test_what_has_no_name_is_in_the_message_alone(
    template: str, values: tuple[object, ...], fields: dict[str, object]
) -> None:
    found = line(template, *values)
    assert found["message"] == template % values
    assert {name: found[name] for name in found.keys() - {"time", "level", "logger", "message"}} == fields


def test_a_line_says_what_it_is_about_within_the_block_and_not_behind_it() -> None:
    with logs.about(request_id="7", session=Session("acme", "s1")):
        with logs.about(reply="r_1"):
            inner = line("failed: code=%s", "x")
        outer = line("next")
    assert (inner["request_id"], inner["reply"], inner["code"]) == ("7", "r_1", "x")
    assert (outer["request_id"], "reply" in outer) == ("7", False)
    assert "request_id" not in line("later")


def test_a_session_is_told_by_its_digest() -> None:
    with logs.about(session=Session("acme", "s1")):
        found = line("failed")
    # printf %s acme/s1 | sha256sum | cut -c1-16
    assert found["session"] == "50a4bd0eeb260e2c"
    assert "s1" not in json.dumps({**found, "session": "", "time": ""})


def test_a_request_begins_with_nothing_known() -> None:
    logs.begin(request_id="1", reply="r_1")
    logs.begin(request_id="2")
    assert "reply" not in line("next")


def test_an_error_is_told_by_type_and_place_and_not_by_its_words() -> None:
    try:
        raise LookupError(SAID)
    except LookupError as error:
        found = line("unexpected", exc_info=(type(error), error, error.__traceback__))
    assert found["error"].startswith("LookupError\n")
    assert "test_logs.py" in found["error"]
    assert SAID not in json.dumps(found)


def test_a_task_s_arguments_which_celery_adds_are_left_out() -> None:
    record = logging.makeLogRecord({"msg": "Task", "data": {"args": ["acme", SAID]}})
    assert SAID not in JsonLines().format(record)


def test_only_our_own_lines_go_below_info() -> None:
    told = logs.configuration("text", "DEBUG")
    assert (told["root"]["level"], told["loggers"]["backscroll"]["level"]) == (logging.INFO, "DEBUG")
    assert logs.configuration("text", "ERROR")["root"]["level"] == logging.ERROR
