"""`backscroll eval`: what a compacted context still holds of real conversations, and what it costs."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Literal

import click

_INTERRUPTED = 130
_Turns = tuple[int, int] | Literal["auto"]


def _compactions(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(number) for number in value.split(",")))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise click.BadParameter(f"{value!r} is no list of numbers like 1,3,10")
    return found


def _windows(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[_Turns, ...]:
    return tuple(dict.fromkeys(map(_window, values)))


def _window(value: str) -> _Turns:
    if value == "auto":
        return "auto"
    try:
        recent, trigger = map(int, value.split(","))
    except ValueError:
        recent = trigger = 0
    if not 1 <= recent <= trigger:
        raise click.BadParameter(f"{value!r} is neither auto nor two numbers like 10,14, the larger one last")
    return recent, trigger


def _redis_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
        raise click.BadParameter(
            "is no URL like redis://127.0.0.1:6379/0"
        )  # not shown: it may hold a password
    return value


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--compactions",
    default="1,3,10",
    show_default=True,
    metavar="N,…",
    callback=_compactions,
    help="How many compactions cover a conversation; fewer where it has not enough turns.",
)
@click.option(
    "--window",
    "windows",
    multiple=True,
    default=("10,14", "auto"),
    show_default=True,
    metavar="R,T",
    callback=_windows,
    help="Turns that stay verbatim, and above which a compaction is due; or auto. May be given again.",
)
@click.option(
    "--context-tokens",
    type=click.IntRange(min=100),
    metavar="N",
    help="Context that makes a compaction due whatever the turns.  [default: BACKSCROLL_CONTEXT_TOKENS]",
)
@click.option(
    "--turns",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    metavar="N",
    help="Compare prompts also over the first N turns of conversations that have as many.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    metavar="N",
    help="Conversations that are measured at a time.",
)
@click.option(
    "--redis-url",
    metavar="URL",
    callback=_redis_url,
    help="A Redis that serves nothing else.  [default: one is started]",
)
@click.option("--json", "as_json", is_flag=True, help="Print all numbers, of each conversation too, as JSON.")
def command(
    files: tuple[Path, ...],
    compactions: tuple[int, ...],
    windows: tuple[_Turns, ...],
    context_tokens: int | None,
    turns: int,
    concurrency: int,
    redis_url: str | None,
    as_json: bool,
) -> None:
    """Measure what a compacted context still holds, and what it costs.

    Each FILE holds one conversation a line, as JSON, with the facts that stand in it (docs/evaluation.md):

    \b
    {"id": "a", "messages": [{"role": "user", "parts": [{"text": "Hello"}]}, ...],
     "facts": [{"kind": "name", "text": "Zoe", "msg": 0, "key": true}, ...]}

    Every conversation is played into a session of its own, with the answers that stand in FILE: no reply
    model is asked. The compaction is the real one, with the summary model of the settings; without
    GEMINI_API_KEY the offline model is started, which only extracts.

    \b
    backscroll eval support.jsonl tools.jsonl
    backscroll eval long.jsonl --window 10,14 --window 20,40 --compactions 10
    backscroll eval support.jsonl --json | jq '.files[].compacted["10"].facts.key'

    First table, a column for each number of compactions, which cover all turns but the newest:

    \b
    covered           messages behind the watermark, of those that were to be
    key facts         names and numbers of covered messages that stand, letter by letter or in their
                      canonical form, in the notes (chapters and ledger); verbatim messages do not help
    all facts         the same for facts that are no key facts too
    open tasks        that the ledger or a chapter takes for open, all turns being covered
    … with all values of those, with every value that had been agreed (a yes or no is not looked for)
    values            of open tasks, one by one
    false open tasks  in conversations that leave none open
    notes             their tokens by those of the messages that they stand for
    context           notes and verbatim messages by the whole conversation
    over budget       conversations whose notes exceed the settings for chapters and ledger
    summaries         how often a covered message went into a summary: on average, and at most

    Second table, a column for each way of going on for the whole conversation, and a third for --turns:

    \b
    R,T and auto      this project, with a compaction whenever one is due
    article           the newest 10 turns of at most 14, and a summary of 300 characters, always rewritten
    window only       the newest 10 turns
    everything        all that was said
    facts in context  key facts that stand in the context in the end, of all; each but auto and everything
                      with exactly that many turns verbatim
    facts in notes    of those whose messages are not verbatim any more
    prompt tokens     of all prompts together, and by sending everything
    stable prefix     tokens with which a prompt begins like the one before
    billed            prompt tokens when those cost a tenth

    The exit code is 1 when a conversation could not be measured.
    """  # noqa: D301  (click looks for the character itself)
    import msgspec
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from backscroll.cli.evaluate_table import show
    from backscroll.errors import BackscrollError
    from backscroll.evaluating import conversations
    from backscroll.evaluating.evaluate import Asked, evaluate
    from backscroll.evaluating.surroundings import surroundings
    from backscroll.settings import variable

    # What a compaction complains of is counted in the report, and would tear the progress bar apart.
    logging.getLogger("backscroll").addHandler(logging.NullHandler())
    asked = Asked(compactions=compactions, windows=windows, cut_turns=turns, concurrency=concurrency)
    environ = dict(os.environ)
    if context_tokens is not None:
        environ[variable("context_tokens")] = str(context_tokens)
    try:
        found = {str(file): conversations.read(file) for file in files}
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        quiet = as_json or not sys.stderr.isatty()
        with (
            surroundings(environ, redis_url) as around,
            Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress,
        ):
            bar = progress.add_task(
                "measurements", total=sum(map(asked.measurements, map(len, found.values())))
            )
            report = evaluate(found, asked, around, measured=lambda: progress.advance(bar))
    except KeyboardInterrupt:
        click.echo("stopped before the end; nothing is left of the sessions", err=True)
        sys.exit(_INTERRUPTED)
    except BackscrollError as error:
        raise click.ClickException(error.message) from None
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        show(report, Console(markup=False, highlight=False))
    sys.exit(1 if any(file.unevaluated for file in report.files) else 0)
