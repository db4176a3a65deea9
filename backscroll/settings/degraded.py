"""Settings of what goes on while the history store is away."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from backscroll.settings.kinds import MIB, Bytes, Count, Group, Seconds


class DegradedSettings(Group, frozen=True, kw_only=True):
    """How a web process answers without the history store, and where it keeps that until it is back."""

    degraded_turns: Annotated[
        Count,
        Meta(description="answers without the history store that one web process has in work at a time"),
    ] = 32
    degraded_deadline: Annotated[
        Seconds,
        Meta(description="seconds for such an answer, all tries together; above REPLY_DEADLINE of no effect"),
    ] = 30.0
    spool_dir: Annotated[
        str,
        Meta(
            min_length=1,
            description="folder in which web processes keep such turns until the store is back; "
            "`backscroll up` puts it into its data folder",
        ),
    ] = ".backscroll/spool"
    spool_bytes: Annotated[Bytes, Meta(description="the most that all files of the spool have together")] = (
        64 * MIB
    )
