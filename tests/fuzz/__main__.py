"""`make fuzz`: a deployment of its own, and thousands of requests that nobody would have thought of."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from backscroll.running import embedded_redis
from tests.fuzz.fuzzing import fuzz
from tests.stack.offline import OfflineModel
from tests.stack.stack import Stack

# Who waits finds nothing, and a full inbox would soon be all that answers.
_SETTINGS = {"BACKSCROLL_WAIT_LIMIT": "0.5", "BACKSCROLL_INBOX_LIMIT": "1000"}


@click.command()
@click.option("--cases", default=100, show_default=True, help="Cases for each operation and phase, at most.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes up the same requests.")
def main(cases: int, seed: int) -> None:
    """Hold a running deployment against the description that it serves."""
    with TemporaryDirectory(prefix="backscroll-fuzz-") as name:
        directory = Path(name)
        server = embedded_redis.start(directory, fsync="no")
        model = OfflineModel(directory)
        stack = Stack(directory, server.url, server.broker_url, model, **_SETTINGS)
        try:
            api = stack.start()
            click.echo(f"fuzzing {api.url}, seed {seed}")
            fuzzed = fuzz(api.url, directory, examples=cases, seed=seed)
        finally:
            stack.stop()
            model.stop()
            server.stop()
    click.echo(fuzzed.report)
    sys.exit(0 if fuzzed.passed else 1)


if __name__ == "__main__":
    main()
