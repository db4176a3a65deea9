"""The report of a chaos run as people read it."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table

from tests.chaos.report import COUNTED, Report

_SHOWN = 20


def show(report: Report, console: Console) -> None:
    """Print the faults with their recovery times, the turns, and every breach."""
    console.print(_faults(report))
    console.print(_turns(report))
    for breach in report.breaches[:_SHOWN]:
        console.print(f"BREACH {breach.kind}: {breach.where}: {breach.what}", soft_wrap=True)
    if len(report.breaches) > _SHOWN:
        console.print(f"… and {len(report.breaches) - _SHOWN} more; --json names them all")
    if report.logs is not None:
        console.print(f"the logs are kept in {report.logs}", soft_wrap=True)


def _faults(report: Report) -> Table:
    table = Table("fault", "times", "recovery p50", "worst", "worst with others")
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, found in report.recovery.items():
        times = (found.p50, found.worst, found.worst_with_others)
        table.add_row(kind, str(found.faults), *map(_seconds, times))
    return table


def _turns(report: Report) -> Table:
    found = Counter(breach.kind for breach in report.breaches)
    failed = ", ".join(f"{count:,} {code}" for code, count in report.failed.items()) or "none"
    other = ", ".join(f"{count} {kind}" for kind, count in found.items() if kind not in COUNTED) or "none"
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in (
        ("seed", f"{report.seed}, {report.seconds:,.0f} s"),
        ("sessions", f"{report.sessions:,}, with texts of {report.texts}"),
        ("turns", f"{report.turns:,}, {report.taken_up_again:,} of them taken up again by a second worker"),
        ("completed", f"{report.completed:,}, and {report.incomplete:,} incomplete"),
        ("failed", failed),
        ("cancelled", f"{report.cancelled:,}"),
        ("compactions", f"{report.compactions:,}"),
        ("stale writes refused", f"{report.stale_writes:,}"),
        ("calls made again", f"{report.calls_again:,}"),
        ("usual reply time", _seconds(report.usual_seconds)),
        *((kind, f"{found[kind]:,}") for kind in COUNTED),
        ("other breaches", other),
    ):
        table.add_row(name, value)
    return table


def _seconds(seconds: float | None) -> str:
    return "not measured" if seconds is None else f"{seconds:.2f} s"
