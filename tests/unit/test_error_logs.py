"""Unexpected errors are logged by type and place: their words may quote what was said, or a key."""

from __future__ import annotations

import logging

import pytest

from backscroll.errors import frames

SAID = "what somebody said"


def stumble() -> None:
    raise LookupError(SAID)


def test_frames_name_the_place_and_not_the_words() -> None:
    with pytest.raises(LookupError) as caught:
        stumble()
    told = frames(caught.value)
    assert "in stumble" in told
    assert SAID not in told


def test_celery_logs_the_error_of_a_task_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    import worker.lifecycle  # noqa: F401 - sets up the logger

    with pytest.raises(LookupError) as caught:
        stumble()
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s: %(exc)s", {"name": "x", "exc": SAID}, exc_info=caught.value
    )
    assert "unexpected LookupError" in caplog.text
    assert "in stumble" in caplog.text
    assert SAID not in caplog.text
