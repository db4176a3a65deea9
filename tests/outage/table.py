"""The report as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.outage.report import Report

_SHOWN = 20


def show(report: Report, console: Console) -> None:
    """Print how each outage was felt, the counts, and every breach."""
    table = Table("outage", "seconds", "asked", "degraded", "added p50", "p99", "caught", "added p50", "p99")
    for column in table.columns[1:]:
        column.justify = "right"
    for kind, felt in report.outages.items():
        table.add_row(
            kind,
            f"{felt.seconds:g}",
            f"{felt.asked:,}",
            f"{felt.degraded:,}",
            _seconds(felt.p50),
            _seconds(felt.p99),
            f"{felt.caught:,}",
            _seconds(felt.caught_p50),
            _seconds(felt.caught_p99),
        )
    console.print(table)
    counts = Table(show_header=False)
    for name, value in (
        ("requests", f"{report.requests:,} of {report.clients} clients"),
        ("503 with Retry-After", f"{report.unavailable:,}"),
        ("turns answered", f"{report.answered:,}, {report.failed:,} of them as failed"),
        ("degraded", f"{report.degraded:,}"),
        ("spooled", f"{report.spooled:,}"),
        (
            "merged",
            f"{report.merged:,}, and {report.answered_by_worker:,} that a worker had answered by then",
        ),
        ("ended by themselves", ", ".join(report.ended_by_themselves) or "none"),
        ("usual time to the answer", f"p50 {_seconds(report.quiet_p50)}, p99 {_seconds(report.quiet_p99)}"),
        ("breaches", f"{len(report.breaches):,}"),
    ):
        counts.add_row(name, value)
    console.print(counts)
    for breach in report.breaches[:_SHOWN]:
        console.print(f"BREACH {breach.kind}: {breach.where}: {breach.what}", soft_wrap=True)
    if report.logs is not None:
        console.print(f"the logs are kept in {report.logs}", soft_wrap=True)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f} s"
