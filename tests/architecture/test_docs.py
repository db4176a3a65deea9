"""The documents say what is there: a setting, a command or a make target that is missing in them is a bug."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from backscroll.settings import fields, variable

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def row(field: msgspec.structs.FieldInfo) -> str:
    """Write a setting as its line in docs/settings.md."""
    default = f"{field.default:.10g}" if isinstance(field.default, float) else str(field.default)
    shown = f"`{default}`" if default else ""
    meaning = next(meta.description for meta in field.type.__metadata__ if meta.description)
    return f"| `{variable(field.name)}` | {shown} | {meaning} |"


@pytest.mark.parametrize("field", [field for _, field in fields()], ids=lambda field: field.name)
def test_every_setting_is_documented_with_its_default(field: msgspec.structs.FieldInfo) -> None:
    assert row(field) in SETTINGS


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {variable(field.name) for _, field in fields()}
    assert set(re.findall(r"^\| `([A-Z_]+)`", SETTINGS, re.MULTILINE)) == known


def test_the_users_of_redis_are_documented_as_they_are_made() -> None:
    rules = (ROOT / "deploy" / "redis-users.acl").read_text(encoding="utf-8")
    assert f"```\n{rules}```" in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_links_in_the_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_make_target_tells_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert listed is not None
    for target in listed.group(1).split():
        assert re.search(rf"^{target}:.*## \S", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "chat",
        "replay",
        "eval",
        "budget",
        "keys new",
        "keys encryption",
        "keys used",
        "doctor",
        "offline-model",
    ],
)
def test_every_command_has_its_page_of_help(command: str) -> None:
    from click.testing import CliRunner

    from backscroll.cli import main

    said = CliRunner().invoke(main, [*command.split(), "--help"])
    assert said.exit_code == 0
    assert "Options:" in said.output
    assert f"backscroll {command}" in said.output
