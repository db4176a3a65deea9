"""All benchmarks in one run.

    python -m bench [--json] [--only N]... [--check]

Ratios are what counts: each figure is measured beside the one that it is held against, in the same run on the
same machine. docs/performance.md explains each row.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn
from rich.table import Table

from bench import accepting, beside_summaries, growing, idle, prompts, reply_time, throughput
from bench.row import Row

RESULTS = Path(__file__).with_name("results.json")

# By the numbers of the rows that each of them measures.
_MEASURES: dict[tuple[int, ...], tuple[str, Callable[[Callable[[str], None]], list[Row]]]] = {
    (1,): ("reply time", lambda _: reply_time.measure()),
    (2,): ("accepting", lambda _: accepting.measure()),
    (3, 4): ("throughput", lambda _: throughput.measure()),
    (5,): ("beside summaries", lambda _: beside_summaries.measure()),
    (6, 7, 8): ("a growing session", growing.measure),
    (9,): ("prompt tokens", lambda _: prompts.measure()),
    (10, 11): ("idle, and starts", lambda _: idle.measure()),
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", type=click.IntRange(1, 11), multiple=True, metavar="N", help="Rows to measure.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option("--check", is_flag=True, help="Exit with 1 when a goal is missed, by more than noise explains.")
@click.option(
    "--noise", default=0.15, show_default=True, metavar="SHARE", help="Of a goal, that noise may explain."
)
def main(only: tuple[int, ...], as_json: bool, check: bool, noise: float) -> None:
    """Measure how fast it is, against the limit and against what one would take instead.

    Takes some six minutes on two cores with all rows, and wants the machine for itself. Writes
    bench/results.json when all rows were measured.

    \b
    make bench
    python -m bench --only 7 --only 8
    """  # noqa: D301  # click wants the character itself
    rows = list(_measured(only))
    if not only:
        RESULTS.write_text(_json(rows) + "\n")
    if as_json:
        click.echo(_json(rows))
    else:
        Console().print(_table(rows))
    missed = [row for row in rows if not _near(row, noise)]
    if check and missed:
        sys.exit(f"missed: {', '.join(f'{row.number} ({row.measure})' for row in missed)}")


def _measured(only: tuple[int, ...]) -> Iterator[Row]:
    wanted = [each for numbers, each in _MEASURES.items() if not only or set(only) & set(numbers)]
    columns = SpinnerColumn(), *Progress.get_default_columns()[:2], TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(wanted))
        for name, run in wanted:
            progress.update(task, description=name)
            rows = run(lambda what: progress.update(task, description=what))
            yield from (row for row in rows if not only or row.number in only)
            progress.advance(task)


def _near(row: Row, noise: float) -> bool:
    slack = abs(row.goal) * noise
    return row.value <= row.goal + slack if row.bound == "<=" else row.value >= row.goal - slack


def _json(rows: list[Row]) -> str:
    return json.dumps([{**msgspec.to_builtins(row), "reached": row.reached} for row in rows], indent=1)


def _table(rows: list[Row]) -> Table:
    table = Table("#", "measure", "ours", "against", "ratio", "goal", "", box=None, pad_edge=False)
    for row in sorted(rows, key=lambda row: row.number):
        mark = "[green]reached" if row.reached else "[red]missed"
        value, goal = f"{row.value:g} {row.unit}", f"{row.bound} {row.goal:g}"
        table.add_row(str(row.number), row.measure, row.ours, row.against, value, goal, mark)
    return table


if __name__ == "__main__":
    main()
