"""Requests that nobody would have thought of; `make fuzz` makes up thousands of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.fuzzing import fuzz
from tests.stack.api import Api


@pytest.mark.timeout(400)  # a quarter of a minute, where nothing else runs
def test_whatever_is_asked_the_answer_is_one_that_is_described(api: Api, tmp_path: Path) -> None:
    fuzzed = fuzz(api.url, tmp_path, examples=5, seed=1)
    assert fuzzed.passed, fuzzed.report
    assert fuzzed.cases >= 300, fuzzed.report
