"""Files that a reader takes in at one sitting, and nothing left behind in them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for room in ("backscroll", "web", "worker")
    for path in (ROOT / room).rglob("*")
    if path.suffix in (".py", ".lua", ".js", ".css", ".html")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LARGEST = 1_000_000  # bytes


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_a_sitting(path: Path) -> None:
    assert lines(path) <= 300


def test_nothing_large_is_kept() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout: nobody knows what is kept")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    kept = [ROOT / name for name in listed.decode().split("\0") if name]
    assert [path for path in kept if path.is_file() and path.stat().st_size > LARGEST] == []


def test_the_median_file_is_about_a_hundred_lines() -> None:
    assert median(map(lines, SOURCES)) <= 120


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_loose_ends(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("word", ["utils", "common", "helpers", "manager"])
def test_files_are_named_by_what_they_are_responsible_for(word: str) -> None:
    assert not [path for path in SOURCES if word in path.stem]
