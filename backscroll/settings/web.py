"""Settings of the web processes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from backscroll.settings.kinds import MIB, YEAR, Bytes, Count, Group, Seconds


class WebSettings(Group, frozen=True, kw_only=True):
    """What the web process accepts."""

    bind: Annotated[
        str,
        Meta(
            pattern=r"^(unix:.+|.+:\d+)$",
            description="address:port or unix:path that gunicorn listens on; "
            "without API_KEYS a local one only",
        ),
    ] = "127.0.0.1:8080"
    web_processes: Annotated[Count, Meta(description="gunicorn workers")] = 1
    body_bytes: Annotated[
        Bytes, Meta(description="largest request body; holds MESSAGE_BYTES and, as base64, MEDIA_BYTES")
    ] = 12 * MIB
    message_bytes: Annotated[
        Bytes, Meta(description="largest message, as UTF-8; without its media, but for texts among them")
    ] = 64 * 1024
    media_bytes: Annotated[Bytes, Meta(description="the most media in one message, before base64")] = 8 * MIB
    settings_bytes: Annotated[
        Bytes,
        Meta(
            description="largest settings of a session, as JSON; at most what leaves room for MESSAGE_BYTES "
            "below CEILING_TOKENS, at four bytes a token"
        ),
    ] = 64 * 1024
    wait_limit: Annotated[
        float, Meta(ge=0, le=YEAR, description="seconds that a request may wait for a reply")
    ] = 60.0
    heartbeat: Annotated[
        Seconds, Meta(description="seconds of silence after which a stream of events shows that it is there")
    ] = 15.0
    inline_turns: Annotated[
        int,
        Meta(
            ge=0,
            description="most sessions that a web process answers itself at a time while the broker is down",
        ),
    ] = 32
