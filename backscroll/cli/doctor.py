"""`backscroll doctor`: what is wrong with a deployment, and what to do about it."""

from __future__ import annotations

import logging
import os
import sys

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--no-model", is_flag=True, help="Ask no model: an answer costs some ten tokens.")
@click.option(
    "--timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="How long a model may take to answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
def command(no_model: bool, timeout: float, as_json: bool) -> None:
    """Look at a deployment, and say what to do about each thing that is wrong.

    Looks at the settings of its own environment (give it the same as the processes have), at the history
    store (version, what it keeps on disk, eviction, memory, clock), at the broker, at the workers of each
    queue and their versions, and puts one short question to each model. Changes nothing.

    Ends with 0 when nothing is wrong, also where there are warnings, and with 1 when something is.

    \b
    backscroll doctor
    backscroll doctor --json | jq '.findings[] | select(.level != "ok")'
    docker compose exec web backscroll doctor

    `backscroll up` without REDIS_URL keeps its Redis in its data folder:

    \b
    export REDIS_URL='unix:///srv/app/.backscroll/redis/redis.sock?db=0'
    export BROKER_URL='redis+socket:///srv/app/.backscroll/redis/redis.sock?virtual_host=1'
    backscroll doctor --no-model
    """  # noqa: D301  (click looks for the character itself)
    import msgspec

    from backscroll.diagnosing.deployment import look
    from backscroll.errors import InvalidSetting
    from backscroll.settings import load

    try:
        settings = load(os.environ)
    except InvalidSetting as error:
        raise click.ClickException(error.message) from None
    logging.getLogger("backscroll").addHandler(logging.NullHandler())  # what is down is told as a finding
    findings = []
    for found in look(settings, ask_models=not no_model, seconds=timeout):
        findings.append(found)
        if not as_json:
            _show(found.level, found.check, found.said, found.advice)
    wrong = any(found.level == "error" for found in findings)
    if as_json:
        click.echo(msgspec.json.encode({"healthy": not wrong, "findings": findings}))
    sys.exit(1 if wrong else 0)


_MARKS = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "error": ("wrong", "red")}


def _show(level: str, check: str, said: str, advice: str) -> None:
    mark, colour = _MARKS[level]
    click.echo(f"{click.style(f'{mark:<6}', fg=colour, bold=level != 'ok')} {check:<22} {said}")
    if advice:
        click.echo(f"{'':<29} {advice}")
