"""`backscroll keys`: makes the keys of a deployment."""

from __future__ import annotations

import click

from backscroll.cli import encryption_key, encryption_used


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make the keys of a deployment.

    \b
    backscroll keys encryption       a key with which the history is encrypted
    backscroll keys used             which encryption keys the history still needs
    """  # noqa: D301  (click looks for the character itself)


command.add_command(encryption_key.command)
command.add_command(encryption_used.command)
