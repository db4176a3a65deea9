"""Settings of what processes log."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from backscroll.settings.kinds import Group


class LogSettings(Group, frozen=True, kw_only=True):
    """How web and worker processes log."""

    log_format: Annotated[
        Literal["text", "json"], Meta(description="`text`, or `json`: an object a line")
    ] = "text"
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        Meta(
            description="the least level that is logged; at `INFO` a line for each request, turn and "
            "compaction. A worker's `-l` may ask for more"
        ),
    ] = "WARNING"
