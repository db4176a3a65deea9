"""The files of a spool: bounded, on disk, and each in the hands of one process."""

from __future__ import annotations

import os
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from backscroll.metrics import REGISTRY
from backscroll.spool.files import Spool

REDIS = "redis://user:secret@redis:6379/0"
LINE = b"1 00000000 {}\n"


def spool(directory: Path, *, store: str = REDIS, most: int = 1000) -> Spool:
    return Spool(directory / "spool", store, most)


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("backscroll_spooled_turns_total", {"result": result}) or 0.0


def contents(found: Spool) -> list[bytes]:
    return [path.read_bytes() for path in found.files()]


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    assert spool(tmp_path).files() == []
    assert list(tmp_path.iterdir()) == []


def test_lines_are_appended_to_one_file_that_is_its_owners_alone(tmp_path: Path) -> None:
    found, before = spool(tmp_path), counted("written")
    assert [found.append(LINE), found.append(LINE)] == ["written", "written"]
    assert contents(found) == [LINE * 2]
    (path,) = found.files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert counted("written") == before + 2


def test_a_line_is_on_disk_before_anybody_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    found = spool(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(Path(f"/proc/self/fd/{file}").readlink()))
    found.append(LINE)
    (path,) = found.files()
    assert synced == [path.parent, path]


def test_a_spool_that_is_full_takes_no_more_and_says_so(tmp_path: Path) -> None:
    found, before = spool(tmp_path, most=len(LINE) + 5), counted("full")
    assert [found.append(LINE), found.append(LINE)] == ["written", "full"]
    assert contents(found) == [LINE]
    assert counted("full") == before + 1


def test_the_bound_is_for_all_processes_together(tmp_path: Path) -> None:
    one, other = (spool(tmp_path, most=len(LINE) + 5) for _ in range(2))
    assert [one.append(LINE), other.append(LINE)] == ["written", "full"]


def test_a_file_that_goes_while_the_folder_is_measured_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (spool(tmp_path) for _ in range(2))
    other.append(LINE)
    (path,) = other.files()
    with os.scandir(path.parent) as found:
        listed = list(found)
    path.unlink()
    monkeypatch.setattr(os, "scandir", lambda _: nullcontext(listed))
    assert one.append(LINE) == "written"


def test_a_folder_that_cannot_be_written_is_counted_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    before = counted("failed")
    assert spool(tmp_path).append(LINE) == "failed"
    assert counted("failed") == before + 1


def test_a_line_of_which_only_a_part_could_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = spool(tmp_path)
    found.append(LINE)
    write = os.write
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "write", lambda file, data: write(file, data[:5]))
        assert found.append(LINE) == "failed"
    assert found.append(LINE) == "written"
    assert contents(found) == [LINE * 2]


def test_a_file_goes_when_all_of_it_is_done_with(tmp_path: Path) -> None:
    found = spool(tmp_path)
    found.append(LINE)
    (path,) = found.files()
    assert not found.remove(path, len(LINE) - 1), "more has come since it was read"
    assert found.remove(path, len(LINE))
    assert found.files() == []
    assert found.append(LINE) == "written"
    assert contents(found) == [LINE]


def test_a_file_of_a_process_that_lives_is_left_to_it(tmp_path: Path) -> None:
    alive, other = spool(tmp_path), spool(tmp_path)
    alive.append(LINE)
    (path,) = other.files()
    assert not other.remove(path, len(LINE))
    alive.append(LINE)
    assert contents(alive) == [LINE * 2]


def test_one_of_a_process_that_died_is_seen_to_by_whoever_comes(tmp_path: Path) -> None:
    dead, other = spool(tmp_path), spool(tmp_path)
    dead.append(LINE)
    dead.close()
    (path,) = other.files()
    assert other.remove(path, len(LINE))
    assert not other.remove(path, len(LINE)), "somebody else was first"


def test_two_stores_in_one_folder_are_kept_apart(tmp_path: Path) -> None:
    ours, theirs = spool(tmp_path), spool(tmp_path, store="redis://other:6379/0")
    theirs.append(LINE)
    assert ours.files() == []
    changed = spool(tmp_path, store="redis://user:another-password@redis:6379/0")
    ours.append(LINE)
    assert changed.files() == ours.files(), "a password may be changed in the middle of an outage"


def test_no_name_tells_the_stores_password(tmp_path: Path) -> None:
    found = spool(tmp_path)
    found.append(LINE)
    assert all("secret" not in str(path) for path in found.files())
