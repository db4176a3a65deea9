"""The examples of docs/client.md do what they say."""

from __future__ import annotations

import re

import pytest

from tests.stack.api import Api
from tests.stack.processes import ROOT

PAGE = ROOT / "docs" / "client.md"


def test_the_examples_of_the_page_run(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    examples = re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 9
    names: dict[str, object] = {"__name__": "examples"}
    for number, example in enumerate(examples, 1):
        code = example.replace("http://127.0.0.1:8080", api.url)
        exec(compile(code, f"example {number}", "exec"), names)
    names["client"].close()
    said = capsys.readouterr().out
    for words in ("completed", "7 degrees", "text too_large", "there is none", "unreachable", "Ended("):
        assert words in said
