"""The options that say where the server is and who asks, for every command that talks to one."""

from __future__ import annotations

import click


def _url(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    from backscroll.client.client import checked
    from backscroll.errors import InvalidRequest

    try:
        return checked(value)
    except InvalidRequest as error:
        raise click.BadParameter(error.message) from None


base_url = click.option(
    "--base-url",
    default="http://127.0.0.1:8080",
    show_default=True,
    metavar="URL",
    callback=_url,
    help="Where Backscroll's web process is.",
)


api_key = click.option(
    "--api-key",
    envvar="BACKSCROLL_API_KEY",
    show_envvar=True,
    metavar="KEY",
    help="Whose sessions, where the server asks for keys. In the variable, nobody else here sees it.",
)


def unreachable(message: str) -> str:
    """Tell what to do about a server that is not there."""
    return f"{message}; start one with `make run`, or name another with --base-url"
