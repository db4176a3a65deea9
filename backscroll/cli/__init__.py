"""The `backscroll` command. Each subcommand is a file of its own, imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

# name → module, in the order in which a newcomer needs them
_COMMANDS = {
    "up": "backscroll.cli.up",
    "chat": "backscroll.cli.chat",
    "replay": "backscroll.cli.replay",
    "eval": "backscroll.cli.evaluate",
    "budget": "backscroll.cli.budget",
    "keys": "backscroll.cli.keys",
    "doctor": "backscroll.cli.doctor",
    "offline-model": "backscroll.cli.offline_model",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backscroll")
def main() -> None:
    """Keep Gemini conversations alive outside the process.

    \b
    backscroll up                    everything on this machine, on embedded defaults
    backscroll chat SESSION          talk in the terminal
    backscroll replay FILE           play real conversations through the HTTP API
    backscroll eval FILE             what a compacted context still holds of them
    backscroll budget                what turns cost, and which window serves them best
    backscroll keys                  keys: of the API's clients, and of encryption at rest
    backscroll doctor                what is wrong with a deployment, and what to do about it
    backscroll offline-model         a local model that speaks Gemini's protocol

    Settings are environment variables; docs/settings.md lists them all.
    """  # noqa: D301  # click wants the character itself
