"""`backscroll keys used`: which encryption keys the history still needs."""

from __future__ import annotations

import os

import click


@click.command(name="used", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def command(as_json: bool) -> None:
    """Tell which encryption keys the history still needs: how many values each has sealed.

    A key that is not in the list can be taken out of BACKSCROLL_ENCRYPTION_KEYS, once no process seals with
    it. Looks at the beginning of every value in Redis; needs no key itself, and changes nothing.

    \b
    backscroll keys used
    backscroll keys used --json | jq 'has("2026-01")'

    Ends with 1 when a key is needed that BACKSCROLL_ENCRYPTION_KEYS does not list.
    """  # noqa: D301  (click looks for the character itself)
    import msgspec

    from backscroll.errors import InvalidSetting, StoreUnavailable
    from backscroll.settings import load
    from backscroll.settings.encryption import encryption_keys
    from backscroll.store.redis import Store
    from backscroll.store.sealed_with import sealed_with

    try:
        settings = load(os.environ).store
    except InvalidSetting as error:
        raise click.ClickException(error.message) from None
    store = Store(settings)
    try:
        used = sealed_with(store)
    except StoreUnavailable as error:
        raise click.ClickException(f"{error.message}; REDIS_URL names it") from None
    finally:
        store.close()
    listed = encryption_keys(settings.encryption_keys).by_id
    if as_json:
        click.echo(msgspec.json.encode(used))
    elif not used:
        click.echo("nothing in the history is encrypted")
    for key_id, counted in {} if as_json else used.items():
        missing = "" if key_id in listed else "   MISSING in BACKSCROLL_ENCRYPTION_KEYS"
        click.echo(f"{key_id:<32} {counted.values:>10,} values {counted.sessions:>8,} sessions{missing}")
    if not used.keys() <= listed.keys():
        raise SystemExit(1)
