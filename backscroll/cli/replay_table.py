"""The report of `backscroll replay` as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from backscroll.replaying.report import Report, Times

_SHOWN = 10


def show(report: Report, console: Console) -> None:
    """Print the numbers of a run, and what is wrong with the sessions that are not as they were told."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(report):
        table.add_row(name, value)
    console.print(table)
    for session, wrong in list(report.broken.items())[:_SHOWN]:
        console.print(f"{session}: {wrong}", soft_wrap=True)
    if len(report.broken) > _SHOWN:
        console.print(f"… and {len(report.broken) - _SHOWN} more; --json names them all")


def _rows(report: Report) -> list[tuple[str, str]]:
    wrong = {
        "missing": report.missing,
        "doubled": report.doubled,
        "out of order": report.reordered,
        "never told of": report.unexpected,
        "gaps": report.gaps,
        "roles in a row": report.roles,
        "never ended": report.unended,
    }
    return [
        ("run", report.run),
        ("sessions", f"{report.sessions:,}"),
        ("turns", f"{report.turns:,} in {report.seconds:,.1f} s: {report.turns_per_second:,.1f} a second"),
        ("reply times", _times(report.reply_ms)),
        ("accept times", _times(report.accept_ms)),
        ("compactions", f"{report.compactions:,} ({report.chapters:,} chapters in the end)"),
        ("context in the end", _context(report)),
        ("largest prompt", _tokens(report.largest_prompt_tokens)),
        ("failures", _counts(report.failures)),
        ("transcripts", "each reply once and in order" if not report.broken else _counts(wrong)),
    ]


def _context(report: Report) -> str:
    share = report.context_tokens / report.transcript_tokens if report.transcript_tokens else 1.0
    whole = f"the transcripts' {report.transcript_tokens:,} or so"
    return f"{_tokens(report.context_tokens)}, {share:.0%} of {whole}"


def _tokens(count: int | None) -> str:
    return "not measured" if count is None else f"{count:,} tokens"


def _times(times: Times) -> str:
    if times.p50 is None:
        return "not measured"
    return f"p50 {times.p50:,.0f} ms, p95 {times.p95:,.0f} ms, p99 {times.p99:,.0f} ms"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"
