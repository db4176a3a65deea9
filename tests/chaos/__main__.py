"""`python -m tests.chaos`, or `make chaos`: the command."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos.schedule import EVERY, KINDS, Kind

_INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--minutes",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="N",
    help="How long clients post. Then what is in work is waited for, and all of it is checked.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Decides which fault comes when, and what the clients do.",
)
@click.option(
    "--sessions",
    type=click.IntRange(min=1, max=300),
    default=30,
    show_default=True,
    metavar="N",
    help="Clients, each with a session of its own.",
)
@click.option(
    "--only",
    type=click.Choice(KINDS),
    multiple=True,
    metavar="FAULT",
    help="This fault and no other; may be given again for a second one.",
)
@click.option(
    "--every",
    type=click.FloatRange(min=0.5),
    default=EVERY,
    show_default=True,
    metavar="SECONDS",
    help="From one fault to the next, in the mean.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report and the schedule as one JSON object.")
def main(
    minutes: float, seed: int, sessions: int, only: tuple[Kind, ...], every: float, as_json: bool
) -> None:
    """Kill, pause and restart everything for a while, and check that nothing is lost.

    Starts a deployment of its own: two Redis servers (history and broker), the offline model, two web
    processes, three reply workers, two compaction workers. While clients post real conversations and wait
    for their replies, every few seconds one of these happens:

    \b
    kill_reply, kill_compaction, kill_web   kill -9; another one is started a little later
    pause_reply                             SIGSTOP for longer than the lease, then SIGCONT
    stop_reply                              SIGTERM, as in a rolling restart
    restart_history                         kill -9 of the history's Redis; its append-only file stays
    flush_broker, pause_broker              FLUSHDB; SIGSTOP for two seconds
    model, model_pause                      503, 429, half a stream, silence, nonsense; "come back later"

    Afterwards every session is read over HTTP and compared with what its client was told: each accepted
    message has ended once; what was completed is in the transcript once, word for word, in the order of
    acceptance, and what failed or was cancelled is not; seqs have no gap, roles alternate, chapters cover
    exactly what they say, every key expires.

    \b
    make chaos                                      five minutes, seed 1
    make chaos MINUTES=30 SEED=7
    python -m tests.chaos --minutes 2 --seed 7 --json | jq .breaches
    python -m tests.chaos --minutes 2 --only kill_reply --every 12

    The recovery time of a fault is the longest wait for a reply that it touched, counted from the fault,
    less the usual reply time: of waits that no other fault touched (too low where faults are dense, since a
    long wait meets another one), and of all (too high). --only with a large --every shows it as it is.

    The exit code is 1 when anything is lost, doubled, out of order or otherwise wrong; the logs are kept
    then, beside what each client was told. The same seed gives the same faults at the same times: what they
    meet differs from run to run.
    """
    import msgspec
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from tests.chaos.run import Order, Watch, run
    from tests.chaos.table import show

    order = Order(seed=seed, seconds=60 * minutes, sessions=sessions, kinds=only or KINDS, every=every)
    directory = Path(tempfile.mkdtemp(prefix="backscroll-chaos-"))
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    quiet = as_json or not sys.stderr.isatty()
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
            faults = progress.add_task("faults", total=len(order.schedule()))
            turns = progress.add_task("turns", total=None)
            checks = progress.add_task("sessions checked", total=sessions)
            watch = Watch(
                fault=lambda: progress.advance(faults),
                turn=lambda: progress.advance(turns),
                checked=lambda: progress.advance(checks),
            )
            report = run(directory, order, watch)
    except KeyboardInterrupt:
        shutil.rmtree(directory, ignore_errors=True)
        click.echo("stopped before the end; nothing was checked", err=True)
        sys.exit(_INTERRUPTED)
    except BaseException:
        click.echo(f"the run broke off; the logs are kept in {directory}", err=True)
        raise
    if not report.breaches:
        shutil.rmtree(directory, ignore_errors=True)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        show(report, Console(markup=False, highlight=False))
    sys.exit(1 if report.breaches else 0)


if __name__ == "__main__":
    main()
