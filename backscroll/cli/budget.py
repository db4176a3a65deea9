"""`backscroll budget`: what turns cost, and which window serves them best."""

from __future__ import annotations

import os

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--target",
    type=click.IntRange(min=100),
    metavar="TOKENS",
    help="Context to recommend a window for.  [default: BACKSCROLL_CONTEXT_TOKENS]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def command(target: int | None, as_json: bool) -> None:
    """Tell what turns cost in this deployment, and which window serves them best.

    Reads what the workers have measured in the last 90 days, and changes nothing. The settings are those
    of its own environment: give it the same as the workers have. `backscroll up` without REDIS_URL keeps
    its Redis in its data folder:

    \b
    backscroll budget
    backscroll budget --target 30000
    backscroll budget --json | jq .recommended.window
    REDIS_URL='unix:///srv/app/.backscroll/redis/redis.sock?db=0' backscroll budget

    Tokens per turn are as the model counted them. Their mean is exact; p50 and p95 are read from a
    histogram, and right within 9 %.

    What a window will cost is a forecast for a conversation of 300 turns of average size: prompt tokens
    a turn, how much of them repeats the beginning of the prompt before (cached input costs a tenth), and
    what a turn costs, summaries included, in tokens at full price.

    The recommended window is the cheapest that stays within the target; BACKSCROLL_RECENT_TURNS=auto lets
    the workers follow it from then on. docs/budget.md has the formula.
    """  # noqa: D301  (click looks for the character itself)
    import msgspec
    from rich.console import Console

    from backscroll.cli.budget_table import show
    from backscroll.compaction.budget import report
    from backscroll.errors import InvalidSetting, StoreUnavailable
    from backscroll.settings import load, variable
    from backscroll.store import meter
    from backscroll.store.redis import Store

    try:
        settings = load(os.environ)
    except InvalidSetting as error:
        raise click.ClickException(error.message) from None
    wanted = target or settings.budget.context_tokens
    if wanted > settings.budget.ceiling_tokens:
        most = f"{variable('ceiling_tokens')} ({settings.budget.ceiling_tokens})"
        raise click.BadParameter(f"must not be above {most}", param_hint="--target")
    store = Store(settings.store)
    try:
        found = report(meter.read(store), settings, wanted)
    except StoreUnavailable as error:
        raise click.ClickException(f"{error.message}; REDIS_URL names it, see --help") from None
    finally:
        store.close()
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        show(found, Console(markup=False, highlight=False))
