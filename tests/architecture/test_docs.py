"""The documents say what is there: a setting, a command or a make target that is missing in them is a bug."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from backscroll.settings import WebSettings, fields, variable
from web.openapi import markdown

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


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def prose(page: Path) -> str:
    """Give a page without its blocks of code, in which nothing is a heading or a link."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as forges and the site make them."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        said = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", said).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_in_the_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path) if path else page
        assert there.exists(), target
        outside = (
            page.parent.name == "docs" and there.suffix == ".md" and there.resolve().parent != page.parent
        )
        assert not outside, f"{target}: the site has no page that is not in docs/"
        if anchor:
            assert anchor in anchors(there), target


def test_the_http_reference_is_what_the_table_of_the_api_says() -> None:
    said = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    assert said == markdown.page(WebSettings()), "python -m web.openapi.markdown > docs/http.md"


def test_the_site_leaves_no_page_out() -> None:
    contents = re.search(
        r"```{toctree}\n(.+?)```", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert contents is not None
    listed = [line for line in contents[1].split() if not line.startswith(":")]
    assert listed[-1] == "*", "pages that nobody has put into an order come behind the others"
    for name in listed[:-1]:
        assert (ROOT / "docs" / f"{name}.md").exists()


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
