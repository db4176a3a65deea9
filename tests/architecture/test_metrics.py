"""What is counted, what is documented, and what dashboard and alerts ask for are the same."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric

from backscroll import metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "backscroll.json").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]
]

ALL: dict[str, Any] = {name: getattr(metrics, name) for name in metrics.__all__ if name != "REGISTRY"}
# The labels that a scrape adds to every series.
OF_SCRAPES = {"instance", "job"}


def family(metric: Any) -> Metric:
    found: list[Metric] = metric.describe()
    return found[0]


def series() -> dict[str, set[str]]:
    """Give the labels of every series that a scrape shows, by its name."""
    found: dict[str, set[str]] = {}
    for metric in ALL.values():
        described = family(metric)
        labels = {*metric._labelnames, *OF_SCRAPES}
        endings = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
        for ending in endings[described.type]:
            found[described.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return found


def row(metric: Any) -> str:
    """Write a metric as its line in docs/metrics.md."""
    described = family(metric)
    name = described.name + ("_total" if described.type == "counter" else "")
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {described.type} | {labels} | {described.documentation} |"


def queries() -> Iterator[Any]:
    for rule in RULES:
        yield pytest.param(rule["expr"], rule["annotations"]["summary"], id=rule["alert"])
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield pytest.param(
                target["expr"], target["legendFormat"], id=f"{panel['title']} {target['refId']}"
            )


@pytest.mark.parametrize("name", ALL)
def test_every_metric_is_documented(name: str) -> None:
    assert row(ALL[name]) in PAGE


def test_no_metric_is_documented_or_registered_besides() -> None:
    names = {row(metric).split("`")[1] for metric in ALL.values()}
    assert set(re.findall(r"^\| `(backscroll_\w+)`", PAGE, re.MULTILINE)) == names
    assert len(list(metrics.REGISTRY.collect())) == len(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_metric_is_named_by_its_unit(name: str) -> None:
    described = family(ALL[name])
    assert re.fullmatch(r"backscroll_[a-z_]+", described.name)
    if described.type == "histogram":
        assert described.name.endswith("_seconds")
    assert not re.search(r"(?<!_in)_(ms|milliseconds|minutes|kb|mb|percent)\b", described.name)


@pytest.mark.parametrize(("query", "shown"), list(queries()))
def test_what_is_asked_for_is_there(query: str, shown: str) -> None:
    known = series()
    asked = re.findall(r"\b(backscroll_\w+)(?:\{([^}]*)\})?", query)
    assert asked
    for name, selected in asked:
        assert name in known
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected)) <= known[name]
    grouped = [set(re.findall(r"\w+", labels)) for labels in re.findall(r"\bby \(([^)]*)\)", query)]
    for labels in grouped:
        assert any(labels <= known[name] for name, _ in asked)
    # What a legend or a summary names must have been left by the grouping.
    named = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", shown))
    assert named <= set().union(*grouped)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    pages = re.findall(r"docs/\w+\.md", rule["annotations"]["runbook"])
    assert pages
    assert all((ROOT / page).exists() for page in pages)
    settings = re.findall(r"BACKSCROLL_\w+", rule["annotations"]["runbook"])
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert all(f"`{setting}`" in documented for setting in settings)


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    assert max(x for x, _ in taken) < 24


def test_promtool_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; it comes with Debian's prometheus")
    done = subprocess.run(
        [promtool, "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
