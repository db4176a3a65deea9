"""Settings of the history store."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from backscroll.settings.kinds import MIB, YEAR, Bytes, Group, Seconds


class StoreSettings(Group, frozen=True, kw_only=True):
    """Where the history lives, and for how long."""

    redis_url: Annotated[
        str,
        Meta(description="history store: redis://, rediss://, unix://, or that of Sentinels or a Cluster"),
    ] = "redis://127.0.0.1:6379/0"
    shards: Annotated[
        int, Meta(ge=1, le=4096, description="hash tags over a Cluster; never change on a live store")
    ] = 64
    session_ttl: Annotated[
        float, Meta(ge=1, le=YEAR, description="seconds from the last access to a session until it expires")
    ] = 7 * 86_400.0
    lock_lease: Annotated[
        float,
        Meta(
            ge=1,
            le=YEAR,
            description="seconds until a silent holder loses a session; renewed at a third of it",
        ),
    ] = 15.0
    inbox_limit: Annotated[int, Meta(ge=1, description="replies that may wait in one session")] = 100
    max_attempts: Annotated[
        int, Meta(ge=1, description="times that a turn may lose its worker before it fails")
    ] = 3
    ring_grace: Annotated[
        float, Meta(ge=0.1, le=YEAR, description="seconds until the sweeper takes a doorbell for lost")
    ] = 5.0
    compaction_lease: Annotated[
        float,
        Meta(
            ge=1,
            le=YEAR,
            description="seconds until a silent compaction is begun anew; above SUMMARY_DEADLINE",
        ),
    ] = 180.0
    encryption_keys: Annotated[
        str,
        Meta(
            description="content is sealed with the first of these keys, and opened with all: "
            "`id:key` each, or the path of a file with one a line; empty: nothing is encrypted"
        ),
    ] = ""
    session_media_bytes: Annotated[
        Bytes, Meta(description="the most that all media of a session have together, each content once")
    ] = 64 * MIB
    store_timeout: Annotated[
        Seconds, Meta(description="seconds that one call to Redis may take, its one retry included")
    ] = 2.0
    probe_interval: Annotated[
        Seconds, Meta(description="seconds between two looks whether a Redis or broker that is down is back")
    ] = 1.0
