"""What a look at one part of a deployment found, and what there is to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "warning", "error"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. `advice` says what to do, where there is anything to do."""

    check: str
    level: Level
    said: str
    advice: str = ""
