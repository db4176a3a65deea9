"""Where the HTTP API may listen: without API keys, only where this machine alone reaches it."""

from __future__ import annotations

from ipaddress import ip_address

from backscroll.errors import InvalidSetting
from backscroll.settings import AccessSettings, variable


def check(host: str, access: AccessSettings) -> None:
    """Refuse to listen at `host` for all the world, where anybody could read every conversation.

    Args:
        host: an address, or the path of a unix socket, which is local.
        access: whose keys are asked for, if any.

    Raises:
        InvalidSetting: when others than this machine would reach it, and no key is asked for.
    """
    if not access.api_keys and not is_local(host):
        raise InvalidSetting(
            variable("api_keys"),
            f"must be set to listen on {host}, or anybody there could read every conversation: "
            "`backscroll keys new TENANT` makes a key and its entry here. Without keys, listen on 127.0.0.1",
        )


def is_local(host: str) -> bool:
    """Tell whether nobody but this machine reaches `host`; of a name, only `localhost` is sure to be so."""
    if "/" in host or host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
