"""`backscroll up`: everything on this machine."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from backscroll.running.deployment import Deployment

_KEY = "-H 'Authorization: Bearer bsk_…' "
_POST = """\
  curl -s {key}-H 'Content-Type: application/json' -H 'Prefer: wait=30' \\
       -d '{{"text":"My locker has the code 4711-B."}}' {url}/v1/sessions/s1/messages"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the HTTP API.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Its port.")
@click.option(
    "--data-dir",
    default=".backscroll",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Conversations and logs; made if it is missing.",
)
@click.option("--json", "as_json", is_flag=True, help="Tell what runs as one line of JSON.")
def command(host: str, port: int, data_dir: Path, as_json: bool) -> None:
    """Run everything on this machine, until Ctrl-C.

    Starts one web process, one reply worker and one compaction worker. Without REDIS_URL also a Redis, whose
    data lies in the data folder: the next start finds the conversations of this one. Without GEMINI_API_KEY
    also the offline model, which only quotes. What ends is started again.

    \b
    backscroll up --port 9000
    BACKSCROLL_API_KEYS=keys/api-keys backscroll up --host 0.0.0.0    keys from a file
    GEMINI_API_KEY=… backscroll up
    REDIS_URL=redis://history:6379/0 BROKER_URL=redis://broker:6379/0 backscroll up

    Without BACKSCROLL_API_KEYS only this machine may ask, and HOST is a loopback address: `backscroll keys
    new --help`. To scale the processes apart from each other, start them by themselves: README.md, "Run it
    for real".
    """  # noqa: D301  # click wants the character itself
    from backscroll.errors import BackscrollError
    from backscroll.running.deployment import deployment
    from backscroll.running.supervisor import Supervisor

    began = time.monotonic()

    def supervisor(logs: Path) -> Supervisor:
        made = Supervisor(logs, lambda line: click.echo(line, err=True))
        made.obey_signals()
        return made

    try:
        with deployment(host, port, data_dir, os.environ, supervisor) as (found, watch):
            if as_json:
                click.echo(msgspec.json.encode(found).decode())
            else:
                _tell(found, time.monotonic() - began)
            sys.stdout.flush()
            watch.watch()
            click.echo("stopping; turns in work are finished or kept for the next start", err=True)
    except BackscrollError as error:
        raise click.ClickException(error.message) from None
    except OSError as error:
        said = f"cannot use the data folder {data_dir}: {error.filename or ''} {error.strerror}"
        raise click.ClickException(said) from None


def _tell(found: Deployment, seconds: float) -> None:
    click.echo(f"Backscroll is up, after {seconds:.1f} s\n")
    told = (("address", found.url), ("history", found.redis), ("model", found.model), ("logs", found.logs))
    for name, value in told:
        click.echo(f"  {name:<9}{value}")
    click.echo(f"\n{_POST.format(url=found.url, key=_KEY if found.keys else '')}\n")
    click.echo("Ctrl-C stops all of it; the conversations stay.")
