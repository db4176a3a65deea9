"""The report of `backscroll eval` as people read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from backscroll.evaluating.count import Count
from backscroll.evaluating.report import File, Kept, Report, Ways

T = TypeVar("T")
Row = tuple[str, Callable[[T], str]]

_EXACT = 10_000


def show(report: Report, console: Console) -> None:
    """Print three tables a file: what is held, what it costs, and what that is for long conversations."""
    console.print(f"summaries by {report.model}", soft_wrap=True)
    console.print(f"Redis {report.redis}; {report.seconds:,.0f} s", soft_wrap=True)
    for file in report.files:
        console.print()
        console.print(
            f"{file.file}: {file.conversations:,} conversations, {file.turns:,} turns, "
            f"{file.tokens:,} tokens",
            soft_wrap=True,
        )
        if file.compacted:
            _print(console, "compactions", file.compacted, _KEPT)
            _print_worst(console, file)
        if file.ways:
            _print(console, "all turns", file.ways, [*_FACTS, *_COSTS])
        if file.cut:
            console.print(f"{file.cut_conversations:,} of the conversations have {file.cut_turns:,} turns:")
            _print(console, f"first {file.cut_turns:,} turns", file.cut, _COSTS)
        for name, problem in file.unevaluated.items():
            console.print(f"not measured: {name}: {problem}", soft_wrap=True)


def _print(console: Console, title: str, columns: Mapping[str, T], rows: Iterable[Row[T]]) -> None:
    table = Table()
    table.add_column(title, no_wrap=True)
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for name, told in rows:
        table.add_row(name, *map(told, columns.values()))
    console.print(table)


def _print_worst(console: Console, file: File) -> None:
    worst = {f"{kept.worst} after {kept.wanted}" for kept in file.compacted.values() if kept.worst}
    if worst:
        console.print(f"largest notes for what they stand for: {', '.join(sorted(worst))}", soft_wrap=True)


def _count(count: Count) -> str:
    return "none" if count.share is None else f"{count.share:.1%} of {count.of:,}"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _thousands(count: float) -> str:
    return f"{count:,.0f}" if count < _EXACT else f"{count / 1000:,.0f} k"


def _refused(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "none"


def _open_tasks(kept: Kept) -> str:
    live = f", {kept.tasks.live} live" if kept.tasks.live else ""
    return _count(kept.tasks.found) + live


_KEPT: Sequence[Row[Kept]] = [
    ("made, on average", lambda kept: f"{kept.compactions:.1f}"),
    ("refused by the gate", lambda kept: _refused(kept.refused)),
    ("covered", lambda kept: _count(kept.covered)),
    ("key facts", lambda kept: _count(kept.facts.key.both)),
    ("  names", lambda kept: _count(kept.facts.key.name)),
    ("  numbers", lambda kept: _count(kept.facts.key.number)),
    ("all facts", lambda kept: _count(kept.facts.every.both)),
    ("open tasks", _open_tasks),
    ("  with all values", lambda kept: _count(kept.tasks.held)),
    ("  values", lambda kept: _count(kept.tasks.values)),
    ("false open tasks", lambda kept: f"{kept.tasks.false:,} in {kept.tasks.controls:,}"),
    ("notes", lambda kept: _share(kept.notes_share)),
    ("  from 10,000 tokens on", lambda kept: _share(kept.long_share)),
    ("  worst conversation", lambda kept: _share(kept.worst_share)),
    ("context", lambda kept: _share(kept.context_share)),
    ("over budget", lambda kept: f"{kept.over_budget:,}"),
    (
        "summaries, most",
        lambda kept: "-" if kept.summaries is None else f"{kept.summaries:.2f}, {kept.most_summaries}",
    ),
    ("summary calls", lambda kept: f"{kept.summary_calls:,}"),
    ("  their tokens", lambda kept: f"{kept.summary_tokens:,}"),
]
_FACTS: Sequence[Row[Ways]] = [
    ("key facts in context", lambda way: _share(way.in_context.key.both.share)),
    ("all facts in context", lambda way: _share(way.in_context.every.both.share)),
    ("key facts in notes", lambda way: _share(way.in_notes.key.both.share)),
    ("all facts in notes", lambda way: _share(way.in_notes.every.both.share)),
    ("compactions", lambda way: f"{way.compactions:,}"),
]
_COSTS: Sequence[Row[Ways]] = [
    ("prompts", lambda way: f"{way.prompts.prompts:,}"),
    ("prompt tokens", lambda way: _thousands(way.prompts.tokens)),
    ("  of everything", lambda way: _share(way.of_everything)),
    ("largest prompt", lambda way: _thousands(way.prompts.largest)),
    ("stable prefix", lambda way: _share(way.stable_share)),
    ("billed", lambda way: _thousands(way.billed)),
]
