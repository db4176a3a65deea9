"""`backscroll keys`: the keys of operators and their clients."""

from __future__ import annotations

import json

import click

from backscroll.cli import encryption_key, encryption_used


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make keys.

    \b
    backscroll keys new TENANT       an API key, for a client of the HTTP API
    backscroll keys encryption       a key with which the history is encrypted
    backscroll keys used             which encryption keys the history still needs
    """  # noqa: D301  (click looks for the character itself)


@command.command()
@click.argument("tenant")
@click.option("--json", "as_json", is_flag=True, help="Print key and entry as one JSON object.")
def new(tenant: str, as_json: bool) -> None:
    """Make an API key of TENANT, and show it this once.

    The key is for the client; its entry, which holds only the SHA-256 of it, is for the server. Nothing is
    written anywhere, and from the entry nobody finds the key.

    \b
    backscroll keys new acme
    backscroll keys new acme --json | jq -r .entry >> /etc/backscroll/api-keys
    BACKSCROLL_API_KEYS=/etc/backscroll/api-keys gunicorn 'web:create_app()'
    curl -H "Authorization: Bearer $KEY" http://127.0.0.1:8080/v1/sessions/s1
    BACKSCROLL_API_KEY=$KEY backscroll chat s1

    BACKSCROLL_API_KEYS holds entries, separated by commas or white space, or the path of a file with one a
    line; a path holds a slash, ./api-keys say. What stands behind a # is a comment. Sessions belong to the
    tenant, and no other tenant sees that they are there.

    \b
    To change a key without a restart, with the entries in a file:
      1. make another for the same tenant and add its entry: both open, from a second later on
      2. give the client the new key
      3. take the old entry out; it opens nothing a second later
    """  # noqa: D301  (click looks for the character itself)
    from backscroll import api_keys
    from backscroll.session import is_name

    if not is_name(tenant):
        raise click.BadParameter("1 to 128 characters out of A-Z, a-z, 0-9 and . _ ~ -", param_hint="TENANT")
    made = api_keys.new(tenant)
    if as_json:
        click.echo(json.dumps({"tenant": made.tenant, "key": made.key, "entry": made.entry}))
        return
    click.echo(f"key    {made.key}")
    click.echo(f"entry  {made.entry}")
    click.echo(
        "The key is for the client and not shown again; the entry is for BACKSCROLL_API_KEYS.", err=True
    )


command.add_command(encryption_key.command)
command.add_command(encryption_used.command)
