"""`backscroll replay`: real conversations through the HTTP API, as clients would hold them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from backscroll.cli.base_url import api_key, base_url, unreachable

_INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--sessions",
    type=click.IntRange(min=1),
    metavar="N",
    help="Sessions to play: the first N lines, or the lines over again.  [default: each line once]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="N",
    help="Sessions that play at a time.",
)
@base_url
@api_key
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def command(
    file: Path,
    sessions: int | None,
    concurrency: int,
    base_url: str,
    api_key: str | None,
    as_json: bool,
) -> None:
    """Play real conversations through the HTTP API, and check what became of them.

    FILE holds one conversation a line, as JSON:

    \b
    {"id": "a", "messages": [{"role": "user", "parts": [{"text": "Hello"}]}, ...]}

    What the user says is posted, message by message, each after the reply to the one before; what the
    model said in FILE is left out, as the deployment answers for itself. Every run plays in sessions of
    its own, and leaves them there until they expire. A server that restarts is waited for.

    \b
    make run                                          in another terminal
    backscroll replay support.jsonl                   every line once
    backscroll replay support.jsonl --sessions 200 --concurrency 32
    backscroll replay support.jsonl --json | jq .reply_ms.p95

    Afterwards each transcript is compared with what its client was told. The exit code is 1 when a reply
    is missing, doubled or out of order, or never ended. A reply that failed is reported, and must not be
    in the transcript.
    """  # noqa: D301  (click looks for the character itself)
    import asyncio
    from secrets import token_hex

    import msgspec
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from backscroll.cli.replay_table import show
    from backscroll.errors import BackscrollError
    from backscroll.replaying import conversations
    from backscroll.replaying.replay import replay

    run = f"replay-{token_hex(4)}"
    try:
        found = conversations.read(file, sessions)
        scripts = conversations.scripts(found, sessions or len(found), run)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        quiet = as_json or not sys.stderr.isatty()
        with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
            turns = progress.add_task("turns", total=sum(len(script.texts) for script in scripts))
            checks = progress.add_task("sessions checked", total=len(scripts))
            report = asyncio.run(
                replay(
                    run,
                    scripts,
                    base_url=base_url,
                    api_key=api_key,
                    concurrency=concurrency,
                    heard=lambda: progress.advance(turns),
                    checked=lambda: progress.advance(checks),
                )
            )
    except KeyboardInterrupt:
        click.echo(f"stopped before the end; nothing was checked in the sessions {run}-…", err=True)
        sys.exit(_INTERRUPTED)
    except BackscrollError as error:
        said = unreachable(error.message) if error.code == "unreachable" else error.message
        raise click.ClickException(said) from None
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        show(report, Console(markup=False, highlight=False))
    sys.exit(1 if report.broken else 0)
