"""The versions of the SDK that are promised: the adapter's tests pass on the oldest and on one between.

The installed one is the newest, and runs them in this very run.
"""

from __future__ import annotations

import re

import pytest

from tests.sdk import matrix

PROMISED = re.search(
    r'"google-genai>=([\d.]+),<(\d+)"', (matrix.ROOT / "pyproject.toml").read_text(encoding="utf-8")
)


def test_the_promise_begins_and_ends_with_what_is_tried() -> None:
    assert PROMISED is not None
    assert f"{PROMISED[1]}.0" == matrix.OLDEST
    assert int(PROMISED[2]) - 1 == int(matrix.newest().split(".")[0])


def test_the_installed_version_is_the_newest() -> None:
    from google import genai

    assert genai.__version__ == matrix.newest()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", [matrix.OLDEST, matrix.MIDDLE])
def test_the_adapter_keeps_its_promises_on(version: str) -> None:
    try:
        outcome = matrix.run(version)
    except matrix.IndexUnreachable as error:
        pytest.skip(f"the package index cannot be reached, for google-genai {version}: {error}")
    assert outcome.passed, outcome.output
    assert "passed" in outcome.summary
