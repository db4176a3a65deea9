"""Threads that last: what a step of theirs raises is logged, and they go on."""

from __future__ import annotations

import logging

import pytest

from backscroll.errors import StoreUnavailable
from backscroll.lasting import survived

SAID = "what somebody said"
log = logging.getLogger(__name__)


def stumble() -> None:
    raise LookupError(SAID)


def test_what_nobody_expected_is_logged_by_type_and_place(caplog: pytest.LogCaptureFixture) -> None:
    with survived(log, "not done"):
        stumble()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("not done: unexpected LookupError\n")
    assert "in stumble" in caplog.text
    assert SAID not in caplog.text


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_a_store_that_does_not_serve_is_no_error(caplog: pytest.LogCaptureFixture, level: int) -> None:
    caplog.set_level(logging.DEBUG)
    with survived(log, "not done", outage=level):
        raise StoreUnavailable("away")
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [(level, "not done: away")]


def test_who_ends_the_process_is_not_held_up() -> None:
    with pytest.raises(SystemExit), survived(log, "not done"):
        raise SystemExit
