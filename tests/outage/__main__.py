"""`python -m tests.outage`: the command."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from tests.outage.outages import KINDS, Kind


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--clients",
    type=click.IntRange(min=1, max=200),
    default=20,
    show_default=True,
    metavar="N",
    help="Who talk all the time, each in a session of its own.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.5),
    default=10.0,
    show_default=True,
    metavar="N",
    help="How long each outage lasts.",
)
@click.option(
    "--calm",
    type=click.FloatRange(min=1.0),
    default=10.0,
    show_default=True,
    metavar="N",
    help="Seconds before each outage, and behind the last.",
)
@click.option(
    "--only",
    type=click.Choice(KINDS),
    multiple=True,
    metavar="OUTAGE",
    help="This outage and no other; may be given again for a second one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def main(clients: int, seconds: float, calm: float, only: tuple[Kind, ...], as_json: bool) -> None:
    """Keep clients talking while the history store and the broker go away and come back.

    Starts a deployment of its own: a Redis for the history, another one for the broker, the offline model,
    a web process, a reply worker, a compaction worker. Then, one after the other:

    \b
    history_killed, broker_killed, both_killed   kill -9, and a restart on the same data
    history_stopped, broker_stopped              SIGSTOP, so that connections hang, and SIGCONT

    Every request must be answered: with 200 or 202, or with 503, code store_unavailable and a Retry-After,
    after which the client makes its call again. Afterwards the spool must be empty and every turn that was
    answered in its transcript exactly once, marked as recovered where it was degraded.

    \b
    python -m tests.outage
    python -m tests.outage --only history_stopped --seconds 30 --json | jq .outages

    What an outage adds is the time from a message's post to its answer, less that before the first outage,
    of those posted while it lasted; and of those that it caught: accepted before it, not answered yet.
    The exit code is 1 when anything else than that comes to pass; the logs are kept then.
    """
    import msgspec
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from tests.outage.run import Order, Watch, run
    from tests.outage.table import show

    order = Order(clients=clients, seconds=seconds, calm=calm, kinds=only or KINDS)
    directory = Path(tempfile.mkdtemp(prefix="backscroll-outage-"))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    quiet = as_json or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        outages = progress.add_task("outages", total=len(order.kinds))
        turns = progress.add_task("turns", total=None)
        watch = Watch(outage=lambda: progress.advance(outages), turn=lambda: progress.advance(turns))
        report = run(directory, order, watch)
    if not report.breaches:
        shutil.rmtree(directory, ignore_errors=True)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        show(report, Console(markup=False, highlight=False))
    sys.exit(1 if report.breaches else 0)


if __name__ == "__main__":
    main()
