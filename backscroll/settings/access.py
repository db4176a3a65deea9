"""Settings of who is let in, and how much each tenant may have."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from backscroll.settings.kinds import Group


class AccessSettings(Group, frozen=True, kw_only=True):
    """Whose keys open the HTTP API, and what one tenant may take of it.

    The value of `api_keys` is read where it is used (backscroll/api_keys.py): a worker needs no keys, and
    their file may be out of its reach.
    """

    api_keys: Annotated[
        str,
        Meta(
            description="`tenant:sha256` of each API key (`backscroll keys new` makes one), between commas "
            "or white space, or the path of a file with them; none: loopback only, and all is one tenant's"
        ),
    ] = ""
    requests_per_minute: Annotated[
        int, Meta(ge=0, description="requests below /v1 that a tenant may make in a minute; 0: no limit")
    ] = 0
    tenant_sessions: Annotated[
        int, Meta(ge=0, description="sessions that a tenant may have at a time; 0: no limit")
    ] = 0
    tenant_tokens: Annotated[
        int,
        Meta(
            ge=0,
            description="model tokens that a tenant may spend in a day of UTC, summaries too; 0: no limit",
        ),
    ] = 0
