"""The report of `backscroll budget` as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from backscroll.compaction.budget import Column, Report
from backscroll.compaction.forecast import Forecast
from backscroll.settings import variable


def show(report: Report, console: Console) -> None:
    """Print what was measured, the windows side by side, how to set the better one, and what it has cost."""
    console.print(_measured(report))
    console.print(_windows(report))
    for line in _advice(report):
        console.print(line, soft_wrap=True)
    console.print(_spent(report))


def _measured(report: Report) -> Table:
    found = report.measured
    table = _table("measured")
    table.add_row("turns", f"{found.turns:,}" if found.turns else "none yet")
    if found.mean is not None:
        table.add_row("tokens a turn", f"mean {found.mean:,.0f}, p50 {found.p50:,}, p95 {found.p95:,}")
    return table


def _windows(report: Report) -> Table:
    columns = [report.present] + ([report.recommended] if report.recommended else [])
    names = ["present", f"for {report.target:,}"][: len(columns)]
    table = Table("window", *names)
    for row in zip(*(_rows(column, report) for column in columns), strict=True):
        table.add_row(row[0][0], *(value for _, value in row))
    return table


def _rows(column: Column, report: Report) -> list[tuple[str, str]]:
    window, auto = column.window, ""
    if column is report.present and report.settings.recent_turns == "auto":
        auto = " (auto)"
    rows = [
        (variable("context_tokens"), f"{window.context_tokens:,}"),
        (variable("recent_turns"), f"{window.recent_turns:,}{auto}"),
        (variable("trigger_turns"), f"{window.trigger_turns:,}{auto}"),
    ]
    return rows + (_expected(column.forecast) if column.forecast else [])


def _expected(found: Forecast) -> list[tuple[str, str]]:
    due = f"by {found.due}" if found.due else "not in 300 turns"
    return [
        ("compaction due", due),
        ("compactions in 100 turns", f"{found.compactions_per_100_turns:,.1f}"),
        ("live turns", f"{found.live_turns_fewest:,} to {found.live_turns_most:,}"),
        ("tokens of the most", f"{found.live_tokens:,}, p95 {found.live_tokens_p95:,}"),
        ("tokens of a prompt", f"{found.prompt_tokens:,}"),
        ("of these stable prefix", f"{found.stable_share:.1%}"),
        ("cost of a turn *", f"{found.cost_per_turn:,}"),
    ]


def _advice(report: Report) -> Iterator[str]:
    if report.present.forecast:
        yield "* tokens at full price: a stable prefix costs a tenth; with summaries, without answers"
    if report.recommended is None:
        yield f"no recommendation yet: it takes {report.enough_turns} measured turns"
    elif report.recommended.window == report.present.window:
        yield "the present window is the recommended one"
    else:
        yield f"to set it:      {_assignments(report.environment)}"
        yield f"to follow it:   {_assignments(report.environment_auto)}"


def _assignments(environment: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in environment.items())


def _spent(report: Report) -> Table:
    spent = report.spent
    table = _table("compaction so far")
    table.add_row("compactions", f"{spent.compactions:,} ({spent.discarded:,} discarded)")
    table.add_row("summaries asked for", f"{spent.summary_calls:,}")
    table.add_row(
        "tokens of summaries", f"{spent.summary_input_tokens:,} in, {spent.summary_output_tokens:,} out"
    )
    table.add_row("tokens saved", f"{spent.tokens_saved:,}")
    table.add_row(
        "refused", ", ".join(f"{count:,} {reason}" for reason, count in spent.refused.items()) or "none"
    )
    return table


def _table(name: str) -> Table:
    table = Table(name, "", show_header=True)
    table.columns[0].no_wrap = True
    table.columns[1].overflow = "fold"
    return table
