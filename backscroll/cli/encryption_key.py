"""`backscroll keys encryption`: a new key for BACKSCROLL_ENCRYPTION_KEYS."""

from __future__ import annotations

from datetime import UTC, datetime

import click


@click.command(name="encryption", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("key_id", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the key as one JSON object.")
def command(key_id: str | None, as_json: bool) -> None:
    """Make a key with which the history is encrypted, and print it as BACKSCROLL_ENCRYPTION_KEYS takes it.

    ID names the key in what it has sealed and in error messages; today's date by default. The key is shown
    once and kept nowhere: what it has sealed is lost without it.

    \b
    umask 077; backscroll keys encryption >> /etc/backscroll/encryption-keys
    export BACKSCROLL_ENCRYPTION_KEYS=/etc/backscroll/encryption-keys
    backscroll keys encryption 2027-01 --json | jq -r .entry

    The first key that is listed encrypts, all of them decrypt. docs/encryption.md tells how keys are changed,
    and when an old one can go.
    """  # noqa: D301  (click looks for the character itself)
    from base64 import urlsafe_b64encode
    from secrets import token_bytes

    from backscroll.settings.encryption import KEY_BYTES, KEY_ID

    name = key_id or f"{datetime.now(UTC):%Y-%m-%d}"
    if not KEY_ID.fullmatch(name):
        raise click.BadParameter("1 to 32 characters out of A-Z, a-z, 0-9 and . _ -", param_hint="ID")
    key = urlsafe_b64encode(token_bytes(KEY_BYTES)).decode().rstrip("=")
    if not as_json:
        click.echo(f"{name}:{key}")
        return
    import msgspec

    click.echo(msgspec.json.encode({"id": name, "key": key, "entry": f"{name}:{key}"}).decode())
